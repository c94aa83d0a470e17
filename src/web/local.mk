noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	src/web/web.c src/web/web.h src/web/web_private.h \
	src/web/web_asset.c \
	src/web/web_cookie.c \
	src/web/web_input.c \
	src/web/web_page.c \
	src/web/web_post.c \
	src/web/web_rate.c \
	src/web/web_reply.c \
	src/web/web_template.c src/web/web_template.h src/web/web_template_private.h \
	src/web/web_template_parse.c \
	src/web/web_text.c \
	src/web/web_visit.c
nodist_libweb_a_SOURCES = src/web/web_files.c

web_pages = head.html foot.html open.html progress.html done.html notice.html style.css icon.svg
web_page_files = \
	$(srcdir)/src/web/pages/head.html $(srcdir)/src/web/pages/foot.html \
	$(srcdir)/src/web/pages/open.html $(srcdir)/src/web/pages/progress.html \
	$(srcdir)/src/web/pages/done.html $(srcdir)/src/web/pages/notice.html \
	$(srcdir)/src/web/pages/style.css $(srcdir)/src/web/pages/icon.svg
EXTRA_DIST += src/web/embed.sh $(web_page_files)
CLEANFILES += src/web/web_files.c

# Files of a person's browser, carried inside the program.
src/web/web_files.c: $(web_page_files) $(srcdir)/src/web/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src/web && \
	$(SHELL) $(srcdir)/src/web/embed.sh $(srcdir)/src/web/pages $(web_pages) >$@.tmp && mv $@.tmp $@

# The tests stand on fakes: a request is a plain value, and a use case answers what the test says.
check_LIBRARIES = libwebfakes.a
libwebfakes_a_SOURCES = \
	tests/fakes/fake_flow.c tests/fakes/fake_flow.h \
	tests/fakes/fake_http.c tests/fakes/fake_http.h \
	tests/fakes/fake_invite.c \
	tests/fakes/web_world.c tests/fakes/web_world.h
libwebfakes_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
WEB_TEST_LIBS = libwebfakes.a libweb.a libwebfakes.a $(LOOP_LIBS)

# Writes all pages to a directory: make tests/fakes/preview_web
EXTRA_PROGRAMS = tests/fakes/preview_web
tests_fakes_preview_web_SOURCES = tests/fakes/preview_web.c
tests_fakes_preview_web_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_fakes_preview_web_LDADD = $(WEB_TEST_LIBS)

check_PROGRAMS += tests/unit/test_web tests/unit/test_web_guard tests/unit/test_web_post \
	tests/unit/test_web_template
tests_unit_test_web_SOURCES = tests/unit/test_web.c
tests_unit_test_web_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_unit_test_web_LDADD = $(WEB_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_web_guard_SOURCES = tests/unit/test_web_guard.c
tests_unit_test_web_guard_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_unit_test_web_guard_LDADD = $(WEB_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_web_post_SOURCES = tests/unit/test_web_post.c
tests_unit_test_web_post_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_unit_test_web_post_LDADD = $(WEB_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_web_template_SOURCES = tests/unit/test_web_template.c
tests_unit_test_web_template_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_unit_test_web_template_LDADD = $(WEB_TEST_LIBS) $(CMOCKA_LIBS)
