/* Mails to a folder. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>
#include <cmocka.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mail/mail.h"

enum { FILE_MAX = 16384 };

/* The errors of calls that shall fail, in place of the C library's. Set while no mail is carried.
 */
static struct failing {
	int sync, file_sync, unlink, close; /* sync: of a folder; close: of a file */
} failing;

static bool
is_folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
fails(int why)
{
	errno = why;
	return -1;
}

int
fsync(int fd)
{
	int why = is_folder(fd) ? failing.sync : failing.file_sync;

	return why != 0 ? fails(why) : (int)syscall(SYS_fsync, fd);
}

int
unlinkat(int folder, const char *name, int flags)
{
	if (failing.unlink != 0)
		return fails(failing.unlink);
	return (int)syscall(SYS_unlinkat, folder, name, flags);
}

int
close(int fd)
{
	int why = failing.close != 0 && !is_folder(fd) ? failing.close : 0, result;

	result = (int)syscall(SYS_close, fd);
	return why != 0 ? fails(why) : result;
}

/* The next mail that is made stops in the middle of that. */
static struct making {
	atomic_bool stops;
	sem_t stopped, go;
} making;

const uint8_t *
u8_check(const uint8_t *s, size_t n)
{
	static const uint8_t *(*real)(const uint8_t *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "u8_check");
	if (atomic_exchange(&making.stops, false)) {
		sem_post(&making.stopped);
		sem_wait(&making.go);
	}
	return real(s, n);
}

struct world {
	char folder[64];
	struct loop *loop;
	struct mailer *mailer;
	struct mail *mail;
	int waiting;
	enum mail_outcome outcome;
	char reply[MAIL_REPLY_SIZE];
};

static struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fault f;

	strcpy(w->folder, "/tmp/usherd-spool-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->loop = loop_new();
	assert_int_equal(mail_spool_new(&w->mailer, w->loop, w->folder, &f), ERR_OK);
	w->mail = mail_new();
	w->mail->from = "usherd@example.org";
	w->mail->to = "j\xc3\xb6rg@example.com";
	w->mail->text = arena_strdup(w->mail->arena, "Hello\n");
	mail_add_header(w->mail, "Subject", "Hi", &f);
	return w;
}

/* The files, by name; hidden ones too. `last`: the path of the last. */
static size_t
world_files(struct world *w, char last[FILENAME_MAX])
{
	struct dirent **list;
	size_t files = 0;
	int count = scandir(w->folder, &list, NULL, alphasort);

	if (count == -1) /* there is no folder */
		return 0;
	for (int i = 0; i < count; i++) {
		if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0) {
			files++;
			snprintf(last, FILENAME_MAX, "%s/%s", w->folder, list[i]->d_name);
		}
		free(list[i]);
	}
	free(list);
	return files;
}

static void
world_free(struct world *w)
{
	char path[FILENAME_MAX];

	mailer_free(w->mailer);
	loop_free(w->loop);
	mail_free(w->mail);
	while (world_files(w, path) > 0)
		unlink(path);
	rmdir(w->folder);
	free(w);
}

static void
world_on_told(void *arg, const struct mail_report *report)
{
	struct world *w = arg;

	w->outcome = report->outcome;
	assert_int_equal(report->code, 0);
	snprintf(w->reply, sizeof(w->reply), "%s", report->reply);
	if (--w->waiting == 0)
		loop_stop(w->loop);
}

static struct mail_sending *
world_send(struct world *w)
{
	w->waiting++;
	return mailer_send(w->mailer, w->mail, world_on_told, w);
}

static void
a_mail_becomes_a_file_of_the_owners_alone(void **state)
{
	struct world *w = world_new();
	char path[FILENAME_MAX], text[FILE_MAX];
	struct stat st;
	FILE *in;

	(void)state;
	world_send(w);
	assert_int_equal(w->waiting, 1);
	loop_run(w->loop);
	assert_int_equal(w->outcome, MAIL_SENT);
	assert_int_equal(world_files(w, path), 1);
	assert_string_equal(strrchr(path, '.'), ".eml");
	assert_non_null(strstr(w->reply, strrchr(path, '/') + 1));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	in = fopen(path, "r");
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	assert_string_equal(text, "X-Envelope-From: usherd@example.org\r\n"
				  "X-Envelope-To: j\xc3\xb6rg@example.com\r\n"
				  "Subject: Hi\r\n"
				  "MIME-Version: 1.0\r\n"
				  "Content-Type: text/plain; charset=utf-8\r\n"
				  "Content-Transfer-Encoding: 7bit\r\n\r\n"
				  "Hello\r\n");
	world_free(w);
}

static void
each_mail_has_a_file_of_its_own(void **state)
{
	struct world *w = world_new();
	char path[FILENAME_MAX];

	(void)state;
	for (int i = 0; i < 50; i++)
		world_send(w);
	loop_run(w->loop);
	assert_int_equal(world_files(w, path), 50);
	world_free(w);
}

static void
what_may_not_leave_is_refused(void **state)
{
	struct world *w = world_new();
	char path[FILENAME_MAX];

	(void)state;
	w->mail->to = "a@b\r\nBcc: c@d";
	world_send(w);
	assert_int_equal(w->waiting, 1);
	loop_run(w->loop);
	assert_int_equal(w->outcome, MAIL_REFUSED);
	assert_int_equal(world_files(w, path), 0);
	/* Not the recipient's fault: it would be the same for all. */
	w->mail->to = "ada@home.example";
	w->mail->from = "usherd@mail_host.example";
	world_send(w);
	loop_run(w->loop);
	assert_int_equal(w->outcome, MAIL_BROKEN);
	assert_int_equal(world_files(w, path), 0);
	world_free(w);
}

static void
a_folder_that_cannot_be_written_is_found_at_the_start(void **state)
{
	struct loop *l = loop_new();
	struct mailer *m;
	struct fault f;

	(void)state;
	assert_int_equal(mail_spool_new(&m, l, "/nonexistent/spool", &f), ERR_MISCONFIGURED);
	assert_non_null(strstr(f.text, "/nonexistent/spool"));
	assert_int_equal(mail_spool_new(&m, l, "/etc/passwd", &f), ERR_MISCONFIGURED);
	assert_int_equal(mail_spool_new(&m, l, "/proc/self", &f), ERR_MISCONFIGURED);
	loop_free(l);
}

static void
a_file_that_cannot_be_finished_leaves_nothing(void **state)
{
	struct rlimit old, small = { 40, RLIM_INFINITY };
	struct world *w = world_new();
	char path[FILENAME_MAX];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	world_send(w);
	loop_run(w->loop);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(w->outcome, MAIL_BROKEN);
	assert_non_null(strstr(w->reply, "spool"));
	assert_int_equal(world_files(w, path), 0);
	rmdir(w->folder);
	world_send(w);
	loop_run(w->loop);
	assert_int_equal(w->outcome, MAIL_BROKEN);
	world_free(w);
}

/* The name is lost with a crash, perhaps; it must not lie there and be sent again all the same. */
static void
a_name_that_does_not_last_is_taken_back(void **state)
{
	struct world *w = world_new();
	char path[FILENAME_MAX];

	(void)state;
	failing = (struct failing){ .sync = ENOSPC };
	world_send(w);
	loop_run(w->loop);
	assert_int_equal(w->outcome, MAIL_AWAY);
	assert_int_equal(world_files(w, path), 0);
	failing = (struct failing){ .sync = EIO };
	world_send(w);
	loop_run(w->loop);
	assert_int_equal(w->outcome, MAIL_BROKEN);
	assert_int_equal(world_files(w, path), 0);
	/* What cannot be taken back may arrive. */
	failing = (struct failing){ .sync = EIO, .unlink = EROFS };
	world_send(w);
	loop_run(w->loop);
	failing = (struct failing){ 0 };
	assert_int_equal(w->outcome, MAIL_UNKNOWN);
	assert_non_null(strstr(w->reply, strerror(EIO)));
	assert_int_equal(world_files(w, path), 1);
	world_free(w);
}

static void
the_first_that_went_wrong_is_told(void **state)
{
	struct world *w = world_new();
	char path[FILENAME_MAX];

	(void)state;
	failing = (struct failing){ .file_sync = ENOSPC, .close = EIO };
	world_send(w);
	loop_run(w->loop);
	failing = (struct failing){ 0 };
	assert_int_equal(w->outcome, MAIL_AWAY);
	assert_non_null(strstr(w->reply, strerror(ENOSPC)));
	assert_int_equal(world_files(w, path), 0);
	world_free(w);
}

static void
a_cancelled_mail_is_never_told(void **state)
{
	struct world *w = world_new();

	(void)state;
	mailer_cancel(world_send(w));
	w->waiting = 0;
	world_send(w);
	loop_run(w->loop);
	assert_int_equal(w->waiting, 0);
	for (int i = 0; i < 10; i++)
		world_send(w);
	world_free(w);
}

static void
what_is_taken_back_leaves_no_file_and_is_never_told(void **state)
{
	enum { MANY = 50 };
	struct world *w = world_new();
	struct mail_sending *sending[MANY];
	char path[FILENAME_MAX];
	int taken = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		sending[i] = world_send(w);
	for (int i = MANY; i-- > 0;)
		taken += mailer_take_back(sending[i]);
	w->waiting -= taken;
	assert_true(taken > 0); /* the disk is not that fast */
	if (w->waiting > 0)
		loop_run(w->loop);
	assert_int_equal(w->waiting, 0);
	assert_int_equal(world_files(w, path), MANY - taken);
	world_free(w);
}

static void
what_is_given_up_while_it_is_made_is_not_sent(void **state)
{
	struct world *w = world_new();
	struct mail_sending *sending;
	char path[FILENAME_MAX];

	(void)state;
	sem_init(&making.stopped, 0, 0);
	sem_init(&making.go, 0, 0);
	for (int i = 0; i < 2; i++) {
		atomic_store(&making.stops, true);
		sending = world_send(w);
		sem_wait(&making.stopped);
		if (i == 0)
			assert_true(mailer_take_back(sending));
		else
			mailer_cancel(sending);
		w->waiting--;
		sem_post(&making.go);
	}
	world_send(w); /* behind them, on the same thread */
	loop_run(w->loop);
	assert_int_equal(w->waiting, 0);
	assert_int_equal(world_files(w, path), 1);
	sem_destroy(&making.stopped);
	sem_destroy(&making.go);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_becomes_a_file_of_the_owners_alone),
		cmocka_unit_test(each_mail_has_a_file_of_its_own),
		cmocka_unit_test(what_may_not_leave_is_refused),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_found_at_the_start),
		cmocka_unit_test(a_file_that_cannot_be_finished_leaves_nothing),
		cmocka_unit_test(a_name_that_does_not_last_is_taken_back),
		cmocka_unit_test(the_first_that_went_wrong_is_told),
		cmocka_unit_test(a_cancelled_mail_is_never_told),
		cmocka_unit_test(what_is_taken_back_leaves_no_file_and_is_never_told),
		cmocka_unit_test(what_is_given_up_while_it_is_made_is_not_sent),
	};

	return cmocka_run_group_tests_name("mail_spool", tests, NULL, NULL);
}
