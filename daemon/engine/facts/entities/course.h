/*
 * course.h - the course of a measure: its steps in their order, and among them what is said of programs.
 */
#ifndef FACTS_COURSE_H
#define FACTS_COURSE_H

#include "facts/entities/fold.h"

/* Folds all of what is said of a measure. */
void course_run(fold *s, entity *e);
/* The entity of a program that a measure of the authority of e is under; NULL: none. */
entity *program_entity(const facts *f, const entity *e, uint32_t program);
/* The programs (symbols) that the steps of a measure name, put into a list. */
void programs_named(facts *f, const entity *e, numbers *programs);

#endif
