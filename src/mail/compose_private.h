/* Shared by the files that compose mails: kinds, templates, the values that stand in them, and how
 * words and moments are written. */
#ifndef USHERD_MAIL_COMPOSE_PRIVATE_H
#define USHERD_MAIL_COMPOSE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/embed.h"
#include "mail/mail.h"
#include "template/template.h"

/* ---- kinds ---- */

enum mail_kind {
	MAIL_INVITATION,
	MAIL_REMINDER,
	MAIL_WELCOME,
	MAIL_COMPLETED,
	MAIL_UNDELIVERABLE,
	MAIL_KIND_COUNT
};
const char *mail_kind_name(enum mail_kind kind);		/* as outbox_kind_name() */
enum mail_kind mail_kind_by_name(const char *name, size_t len); /* MAIL_KIND_COUNT: no such kind */
/* It goes to whoever invited, not to whoever was invited. */
bool mail_kind_is_notice(enum mail_kind kind);
bool mail_kind_has_link(enum mail_kind kind);

/* ---- files of templates ---- */

extern const struct embed_file mail_files[]; /* made by embed.sh at build time */
extern const size_t mail_file_count;

/* Those of the folder, and behind them those of the program. */
struct mail_file_set {
	struct embed_file *files; /* named "de/invitation.txt", "head.html" */
	const char **paths;	  /* where each was read from; NULL: part of the program */
	size_t count;
};
void mail_file_set_load(struct mail_file_set *out, const char *folder, struct arena *arena,
    struct mail_template_errors *errors);

/* `fmt` begins with the file and line. What is beyond MAIL_ERRORS_MAX is dropped. */
void mail_template_errors_add(struct mail_template_errors *errors, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- templates ---- */

struct mail_template {
	struct template *text, *html; /* both or none; text begins with "Subject: " */
};
/* Never NULL. `language` is set to the one it is in: the tag itself, then what is left of it when
 * its last subtag goes, then the default, then "en". NULL: the default. */
const struct mail_template *mail_template_for(
    const struct mail_templates *t, enum mail_kind kind, const char **language);

/* Shortens a tag by its last subtag (RFC 4647 section 3.4); false: it had one alone. */
bool mail_tag_shorten(char *tag);

/* ---- values ---- */

enum { MAIL_VALUES_MAX = 24 };
/* The names that templates of this kind may use, NULL terminated. */
void mail_value_names(enum mail_kind kind, const char *out[MAIL_VALUES_MAX]);
struct template_model *mail_values(struct arena *arena, enum mail_kind kind,
    const struct mail_sender *sender, const struct mail_facts *facts, const char *language);

/* The two parts as the model fills them: "Subject: ..." and what follows, and the HTML. False: one
 * of them is beyond MAIL_PART_MAX. The buffers are initialised here and released by the caller, in
 * every case. */
struct buf;
bool mail_template_render(const struct mail_template *template, const struct template_model *model,
    struct buf *text, struct buf *html);
/* Cuts the rendered text into subject and body, both in `arena`. False: the subject is blank. */
bool mail_template_split(
    const struct buf *text, struct arena *arena, const char **subject, const char **body);

/* ---- words ---- */

enum { MAIL_WORD_MAX = 240 }; /* bytes that are shown of one value; above what a name may have */
/* Words of people, fit to be shown in a mail: see mail_words.c. NULL stays NULL. */
const char *mail_words(struct arena *arena, const char *value);
/* A uid in plain text: as it is, so that it can be copied, unless it begins like a host's name. */
const char *mail_uid_words(struct arena *arena, const char *uid);
/* At most `max` bytes, cut between characters, with a mark that something is missing. */
const char *mail_words_cut(struct arena *arena, const char *words, size_t max);

/* ---- dates ---- */

/* For Date (RFC 5322 section 3.3): "Fri, 04 Dec 2026 16:30:00 +0000". */
const char *mail_date(struct arena *arena, int64_t wall_ms);

#endif
