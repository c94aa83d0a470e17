noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/cli.c src/cli/cli.h \
	src/cli/cli_http.c \
	src/cli/cli_option.c \
	src/cli/cli_out.c \
	src/cli/cli_usage.c \
	src/cli/cli_value.c \
	src/cli/cmd_health.c \
	src/cli/cmd_invitation_create.c \
	src/cli/cmd_invitation_link.c \
	src/cli/cmd_invitation_list.c \
	src/cli/cmd_invitation_revoke.c \
	src/cli/cmd_invitation_show.c \
	src/cli/cmd_token_create.c \
	src/cli/cmd_token_list.c \
	src/cli/cmd_token_revoke.c

CLI_LIBS = libcli.a $(BASE_LIBS) $(CURL_LIBS) $(UNISTRING_LIBS)

bin_PROGRAMS += usherctl
usherctl_SOURCES = src/cli/usherctl.c
usherctl_LDADD = $(CLI_LIBS)

dist_man1_MANS = doc/usherctl.1

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_cli tests/unit/test_cli_request
endif
tests_unit_test_cli_SOURCES = tests/unit/test_cli.c \
	tests/fakes/fake_api_cli.c tests/fakes/fake_api_cli.h
tests_unit_test_cli_CPPFLAGS = $(AM_CPPFLAGS) -DMANUAL=\"$(abs_srcdir)/doc/usherctl.1\"
tests_unit_test_cli_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
tests_unit_test_cli_request_SOURCES = tests/unit/test_cli_request.c \
	tests/fakes/fake_api_cli.c tests/fakes/fake_api_cli.h
tests_unit_test_cli_request_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
