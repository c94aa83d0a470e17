#include "auth/passwd.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/list.h"
#include "base/mem.h"
#include "loop/work.h"

enum { PASSWD_NICE = 5 };

static const char scheme[] = "{ARGON2}";

struct passwd_op {
	TAILQ_ENTRY(passwd_op) link;
	struct passwd *passwd; /* NULL once cancelled; touched on the loop only */
	struct work *work;     /* NULL when the queue had no room */
	passwd_cb *cb;
	void *arg;
	/* What the worker needs and makes. */
	unsigned long long passes;
	size_t memory;
	struct secret *password, *hash;
};

TAILQ_HEAD(passwd_op_list, passwd_op);

struct passwd {
	struct loop *loop;
	struct passwd_conf conf;
	struct work_pool *pool;
	struct passwd_op_list ops;
};

struct passwd *
passwd_new(struct loop *l, const struct passwd_conf *conf)
{
	struct work_pool_conf pool = {
		.name = "passwd",
		.threads = conf->threads,
		.queue_max = conf->queue_max,
		.nice = PASSWD_NICE,
	};
	struct passwd *p = mem_alloc(sizeof(*p));

	p->loop = l;
	p->conf = *conf;
	TAILQ_INIT(&p->ops);
	p->pool = work_pool_new(l, &pool);
	return p;
}

void
passwd_free(struct passwd *p)
{
	struct passwd_op *op;

	if (p == NULL)
		return;
	while ((op = TAILQ_FIRST(&p->ops)) != NULL)
		passwd_cancel(op);
	work_pool_free(p->pool);
	free(p);
}

/* On a worker's thread. */
static void
passwd_run(void *job, void *context)
{
	struct passwd_op *op = job;
	char text[sizeof(scheme) + crypto_pwhash_STRBYTES];
	char *hash = text + sizeof(scheme) - 1;

	(void)context;
	memcpy(text, scheme, sizeof(scheme));
	if (crypto_pwhash_str_alg(hash, secret_bytes(op->password), secret_len(op->password),
		op->passes, op->memory, crypto_pwhash_ALG_ARGON2ID13) == 0)
		op->hash = secret_new(text, strlen(text));
	secret_wipe(text, sizeof(text));
}

static void
passwd_release(void *job)
{
	struct passwd_op *op = job;

	secret_free(op->password);
	secret_free(op->hash);
	free(op);
}

static void
passwd_done(void *job)
{
	struct passwd_op *op = job;
	struct fault f;

	TAILQ_REMOVE(&op->passwd->ops, op, link);
	if (op->hash != NULL) {
		op->cb(op->arg, ERR_OK, op->hash, NULL);
		return;
	}
	fault_set(
	    &f, ERR_UNAVAILABLE, "no memory for a password hash (%zu KiB)", op->memory / 1024);
	op->cb(op->arg, ERR_UNAVAILABLE, NULL, &f);
}

/* The queue had no room. */
static void
passwd_refuse(void *arg)
{
	struct passwd_op *op = arg;
	struct fault f;

	if (op->passwd != NULL) {
		TAILQ_REMOVE(&op->passwd->ops, op, link);
		fault_set(&f, ERR_BUSY, "%zu passwords wait for their hash already",
		    op->passwd->conf.queue_max);
		op->cb(op->arg, ERR_BUSY, NULL, &f);
	}
	passwd_release(op);
}

struct passwd_op *
passwd_hash(struct passwd *p, const struct secret *password, passwd_cb *cb, void *arg)
{
	struct passwd_op *op = mem_alloc(sizeof(*op));

	*op = (struct passwd_op){
		.passwd = p,
		.cb = cb,
		.arg = arg,
		.passes = p->conf.passes,
		.memory = p->conf.memory,
		.password = secret_dup(password),
	};
	TAILQ_INSERT_TAIL(&p->ops, op, link);
	op->work = work_start(p->pool, passwd_run, passwd_done, passwd_release, op);
	if (op->work == NULL)
		loop_defer(p->loop, passwd_refuse, op);
	return op;
}

void
passwd_cancel(struct passwd_op *op)
{
	TAILQ_REMOVE(&op->passwd->ops, op, link);
	op->passwd = NULL;
	if (op->work != NULL)
		work_cancel(op->work);
}
