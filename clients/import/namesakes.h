/*
 * namesakes.h - rows of one name in one annex of the EU: several parties, or one printed twice.
 *
 * Those with a printed number are parties of their own, told apart by it. Those without are one
 * entry that was printed more than once (annexes have some), if nothing that they say of the
 * party differs: they become one record, so that the list stays readable, and the party stands
 * until the last of them is gone. Born on other days, or of another type, they are several and
 * nothing tells which of them stays when one leaves: both keep one key, which records_finish
 * refuses.
 */
#ifndef IMPORT_NAMESAKES_H
#define IMPORT_NAMESAKES_H

#include "record.h"

/* Parts and folds the records of a list that is not finished; `births` says of each, in order, on
 * which day it was born, as printed ("": it does not say). The order of records is another one
 * afterwards. -ENOMEM. */
int namesakes_part(list *l, const char *const births[]);

#endif
