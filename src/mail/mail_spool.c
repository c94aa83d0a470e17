/* A folder instead of a server. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "mail/mailer_private.h"

enum { NAME_SIZE = 1 + ID_SIZE + sizeof(".eml.part") };

struct spool {
	struct mailer_crew crew;
	int folder;
};

static void
spool_free(struct mailer *m)
{
	struct spool *s = (struct spool *)m;

	mailer_crew_release(&s->crew);
	close(s->folder);
	free(s);
}

static const struct mailer_ops spool_ops = {
	.name = "spool",
	.send = mailer_crew_send,
	.compose = mailer_crew_compose,
	.cancel = mailer_crew_cancel,
	.take_back = mailer_crew_take_back,
	.free = spool_free,
};

static bool
spool_write(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* of a file it never is */
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
spool_fill(int fd, const struct mailer_job *j)
{
	char envelope[2 * MAIL_ADDRESS_MAX + 64];
	int len = snprintf(envelope, sizeof(envelope),
	    "X-Envelope-From: %s\r\nX-Envelope-To: %s\r\n", j->mail->from, j->mail->to);

	return spool_write(fd, envelope, (size_t)len) &&
	       spool_write(fd, secret_bytes(j->text), secret_len(j->text)) && fsync(fd) == 0;
}

/* A full disk empties; rights and folders do not come back by themselves. */
static enum mail_outcome
spool_outcome_of(int why)
{
	return why == ENOSPC || why == EDQUOT ? MAIL_AWAY : MAIL_BROKEN;
}

/* Complete under its name and lasting (MAIL_SENT), or not there at all, and errno is why.
 * MAIL_UNKNOWN: it is there, and a crash may still take it away. */
static enum mail_outcome
spool_store(const struct spool *s, const struct mailer_job *j, const char *part, const char *name)
{
	int fd = openat(s->folder, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), why = 0;
	enum mail_outcome outcome;

	if (fd == -1)
		return spool_outcome_of(errno);
	if (!spool_fill(fd, j))
		why = errno;
	if (close(fd) != 0 && why == 0)
		why = errno;
	if (why == 0 && renameat(s->folder, part, s->folder, name) != 0)
		why = errno;
	if (why != 0) {
		outcome = spool_outcome_of(why);
		unlinkat(s->folder, part, 0);
	} else {
		if (fsync(s->folder) == 0)
			return MAIL_SENT;
		why = errno;
		outcome = unlinkat(s->folder, name, 0) == 0 ? spool_outcome_of(why) : MAIL_UNKNOWN;
	}
	errno = why;
	return outcome;
}

static void
spool_carry(struct mailer_job *j, void *context)
{
	const struct spool *s = (struct spool *)j->crew;
	char id[ID_SIZE], part[NAME_SIZE], name[NAME_SIZE], words[MAIL_REPLY_SIZE];
	enum mail_outcome outcome;

	(void)context;
	id_make(clock_wall_ms(&clock_system), id);
	snprintf(part, sizeof(part), ".%s.eml.part", id);
	snprintf(name, sizeof(name), "%s.eml", id);
	outcome = spool_store(s, j, part, name);
	if (outcome == MAIL_SENT)
		snprintf(words, sizeof(words), "stored as %s", name);
	else
		snprintf(words, sizeof(words), "the spool folder: %s", strerror(errno));
	mailer_report(j, outcome, 0, words);
}

enum err
mail_spool_new(struct mailer **out, struct loop *loop, const char *folder, struct fault *f)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct spool *s;

	if (fd == -1)
		return fault_set(f, ERR_MISCONFIGURED, "%s: %s", folder, strerror(errno));
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		fault_set(f, ERR_MISCONFIGURED, "%s: %s", folder, strerror(errno));
		close(fd);
		return f->code;
	}
	s = mem_alloc(sizeof(*s));
	s->folder = fd;
	mailer_crew_init(&s->crew, &spool_ops, loop,
	    &(struct work_pool_conf){ .name = "mail spool", .threads = 1, .queue_max = SIZE_MAX },
	    spool_carry);
	*out = &s->crew.base;
	return ERR_OK;
}
