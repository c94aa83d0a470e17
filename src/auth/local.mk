noinst_LIBRARIES += libauth.a
libauth_a_SOURCES = \
	src/auth/auth.c src/auth/auth.h src/auth/auth_private.h \
	src/auth/auth_make.c \
	src/auth/auth_peer.c \
	src/auth/auth_scope.c \
	src/auth/auth_token.c \
	src/auth/passwd.c src/auth/passwd.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_auth tests/unit/test_passwd
endif
tests_unit_test_auth_SOURCES = tests/unit/test_auth.c \
	tests/fakes/fake_auth_store.c tests/fakes/fake_auth_store.h
tests_unit_test_auth_LDADD = libauth.a $(LOOP_LIBS) $(CMOCKA_LIBS)
tests_unit_test_passwd_SOURCES = tests/unit/test_passwd.c
tests_unit_test_passwd_LDADD = libauth.a $(LOOP_LIBS) $(CMOCKA_LIBS)
