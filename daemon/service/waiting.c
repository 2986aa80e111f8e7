/* waiting.c - see waiting.h. */
#include "service/waiting.h"

#include <errno.h>
#include <stdlib.h>

int waiting_init(waiting *w)
{
    waiting made = {.bytes = 0};

    for (int row = 0; row < WAITING_ROWS; row++) {
        made.rows[row].items = calloc(WAITING_MAX, sizeof(question));
        if (made.rows[row].items == NULL) {
            waiting_done(&made);
            return -ENOMEM;
        }
    }
    *w = made;
    return 0;
}

void waiting_done(waiting *w)
{
    question q;

    for (int row = 0; row < WAITING_ROWS; row++) {
        while (waiting_take(w, row, &q))
            question_done(&q);
        free(w->rows[row].items);
    }
    *w = (waiting){.bytes = 0};
}

bool waiting_full(const waiting *w)
{
    return w->rows[WAITING_SMALL].count == WAITING_MAX ||
           w->rows[WAITING_LARGE].count == WAITING_MAX || w->bytes >= WAITING_BYTES_MAX;
}

size_t waiting_count(const waiting *w)
{
    return w->rows[WAITING_SMALL].count + w->rows[WAITING_LARGE].count;
}

void waiting_add(waiting *w, waiting_row row, question *q)
{
    size_t place = (w->rows[row].first + w->rows[row].count++) % WAITING_MAX;

    w->bytes += zmq_msg_size(&q->body);
    question_move(&w->rows[row].items[place], q);
}

bool waiting_take(waiting *w, waiting_row row, question *ret_question)
{
    question *q;

    if (w->rows[row].count == 0)
        return false;
    q = &w->rows[row].items[w->rows[row].first];
    w->bytes -= zmq_msg_size(&q->body);
    question_move(ret_question, q);
    w->rows[row].first = (w->rows[row].first + 1) % WAITING_MAX;
    w->rows[row].count--;
    return true;
}
