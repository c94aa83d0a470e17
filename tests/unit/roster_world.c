#include "roster_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
world_open_conf(struct roster_world *w, const struct roster_conf *conf)
{
	struct roster_conf own = *conf;

	memset(w, 0, sizeof(*w));
	w->loop = own.loop = loop_new();
	w->roster = roster_new(&own);
}

void
world_open(struct roster_world *w)
{
	world_open_conf(w, &(struct roster_conf){ 0 });
}

void
world_close(struct roster_world *w)
{
	roster_free(w->roster);
	loop_free(w->loop);
}

void
world_id(uint32_t n, unsigned char out[FEED_ID_SIZE])
{
	memset(out, 0x5a, FEED_ID_SIZE);
	for (unsigned i = 0; i < sizeof(n); i++)
		out[i] = (unsigned char)(n >> (24 - 8 * i));
}

uint32_t
world_number(const unsigned char id[FEED_ID_SIZE])
{
	return (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
}

struct feed_item *
world_item(struct feed_batch *b, enum feed_kind kind, uint32_t id)
{
	unsigned char bytes[FEED_ID_SIZE];

	world_id(id, bytes);
	return feed_batch_add(b, kind, bytes);
}

static struct feed_user *
world_person(struct feed_batch *b, enum feed_kind kind, uint32_t id, const char *name)
{
	struct feed_user *u = &world_item(b, kind, id)->user;

	u->name = arena_strdup(b->arena, name);
	u->parent = "ou=people,dc=x";
	return u;
}

struct feed_user *
world_user(struct feed_batch *b, uint32_t id, const char *name)
{
	struct feed_user *u = world_person(b, FEED_USER, id, name);

	u->status = FEED_ACTIVE;
	u->rdn = world_text(b, "cn=%s", name);
	return u;
}

struct feed_user *
world_invitation(struct feed_batch *b, uint32_t id, const char *name)
{
	struct feed_user *u = world_person(b, FEED_INVITATION, id, name);

	u->status = FEED_PENDING;
	world_id(id, u->invitation);
	return u;
}

void
world_place(struct feed_batch *b, uint32_t id, const char *dn)
{
	struct feed_place *p = &world_item(b, FEED_PLACE, id)->place;

	p->dn = p->normal = arena_strdup(b->arena, dn);
	p->name = world_text(b, "%.*s", (int)strcspn(dn + 3, ","), dn + 3);
}

char *
world_text(struct feed_batch *b, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return arena_strdup(b->arena, text);
}

static void
world_on_applied(void *arg)
{
	struct roster_world *w = arg;

	if (--w->out == 0)
		loop_stop(w->loop);
}

void
world_feed(struct roster_world *w, struct feed_batch *b)
{
	w->out++;
	roster_feed_take(w->roster, b, world_on_applied, w);
}

void
world_settle(struct roster_world *w)
{
	while (w->out > 0)
		loop_run(w->loop);
}

void
world_apply(struct roster_world *w, struct feed_batch *b)
{
	world_feed(w, b);
	world_settle(w);
}

struct feed_batch *
world_begin(enum feed_source source)
{
	return feed_batch_new(source, FEED_REFRESH_BEGINS);
}

struct feed_batch *
world_changes(void)
{
	return feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);
}

void
world_end(struct roster_world *w, enum feed_source source, bool absent_is_gone)
{
	struct feed_batch *b = feed_batch_new(source, FEED_REFRESH_COMPLETE);

	b->absent_is_gone = absent_is_gone;
	world_apply(w, b);
}

void
world_broken(struct roster_world *w, enum feed_source source)
{
	world_apply(w, feed_batch_new(source, FEED_REFRESH_BROKEN));
}

void
world_limited(struct roster_world *w)
{
	struct feed_batch *b = feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_BROKEN);

	b->cut_by_limit = true;
	world_apply(w, b);
}
