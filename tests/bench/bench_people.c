#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_people.h"
#include "roster/roster_private.h"

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "bench_roster: %s\n", what);
	exit(1);
}

void
bench_people_open(struct bench_people *p, const char *path)
{
	*p = (struct bench_people){ .file = fopen(path, "r") };
	if (p->file == NULL)
		die(path);
}

void
bench_people_close(struct bench_people *p)
{
	fclose(p->file);
	free(p->line);
}

bool
bench_people_next(struct bench_people *p, struct bench_person *out)
{
	ssize_t len = getline(&p->line, &p->room, p->file);
	char *rest = p->line, *value;
	size_t n = 0;

	if (len <= 0)
		return false;
	p->line[len - 1] = '\0';
	while (n < BENCH_COLUMNS && (value = strsep(&rest, "\t")) != NULL)
		out->value[n++] = *value == '\0' ? NULL : value;
	if (n != BENCH_COLUMNS)
		die("a row has too few columns");
	return true;
}

/* "20190525170532Z"; 0 when absent. */
static int64_t
seconds_of(const char *text)
{
	struct tm t = { 0 };

	if (text == NULL || strptime(text, "%Y%m%d%H%M%SZ", &t) == NULL)
		return 0;
	return timegm(&t);
}

bool
bench_person_feed(const struct bench_person *person, struct feed_batch *b)
{
	const char *const *v = person->value;
	unsigned char id[FEED_ID_SIZE];
	struct feed_item *item;
	struct feed_user *u;

	if (!feed_id_parse(v[BENCH_ID], id))
		die("a row has no id");
	if ((item = feed_batch_add(b, FEED_USER, id)) == NULL)
		return false;
	u = &item->user;
	u->status = FEED_ACTIVE;
	u->name = arena_strdup(b->arena, v[BENCH_NAME]);
	u->given_name = arena_strdup(b->arena, v[BENCH_GIVEN]);
	u->family_name = arena_strdup(b->arena, v[BENCH_FAMILY]);
	u->mail = arena_strdup(b->arena, v[BENCH_MAIL]);
	u->phone = arena_strdup(b->arena, v[BENCH_PHONE]);
	u->position = arena_strdup(b->arena, v[BENCH_POSITION]);
	u->uid = arena_strdup(b->arena, v[BENCH_UID]);
	u->rdn = arena_printf(b->arena, "uid=%s", v[BENCH_UID]);
	u->parent = arena_strdup(b->arena, v[BENCH_PLACE]);
	if (v[BENCH_SECOND_MAIL] != NULL)
		u->more_mails[u->more_mail_count++] = arena_strdup(b->arena, v[BENCH_SECOND_MAIL]);
	u->registered_at = seconds_of(v[BENCH_CREATED]);
	u->last_activity_at = seconds_of(v[BENCH_LAST]);
	return true;
}

size_t
bench_person_text(const struct bench_person *person, char out[BENCH_TEXT_MAX])
{
	static const enum bench_column segments[] = { BENCH_NAME, BENCH_MAIL, BENCH_PHONE,
		BENCH_UID, BENCH_POSITION, BENCH_SECOND_MAIL };
	size_t len = 0;

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		const char *value = person->value[segments[i]];
		size_t room = BENCH_TEXT_MAX - len - 1;

		if (value != NULL)
			len += segments[i] == BENCH_PHONE
				   ? fold_phone(value, strlen(value), out + len, room)
				   : fold_text(value, strlen(value), out + len, room);
		else if (segments[i] == BENCH_SECOND_MAIL)
			continue;
		out[len++] = '\n';
	}
	return len;
}
