/*
 * gdelt.h - GDELT event files: 61 columns (2.0) or 58 (1.0), tab separated, without a header.
 */
#ifndef IMPORT_GDELT_H
#define IMPORT_GDELT_H

#include "source.h"
#include "tell.h"

/* Tells what the articles say of releases, detentions, talks about them and sanctions, all as
 * rumours: one report for each article, kind and country. -EBADMSG with the problem: the file is
 * cut or another one; nothing that was told of it is to be used. -ENOMEM, -EINVAL. */
int gdelt_reports(source *s, teller *t, problem *p);

#endif
