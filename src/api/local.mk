noinst_LIBRARIES += libapi.a
libapi_a_SOURCES = \
	src/api/api.c src/api/api.h src/api/api_private.h \
	src/api/api_error.c \
	src/api/api_health.c \
	src/api/api_invitation.c \
	src/api/api_invitation_read.c \
	src/api/api_place.c \
	src/api/api_read.c \
	src/api/api_token.c \
	src/api/api_write.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_api tests/unit/test_api_invitation tests/unit/test_api_read tests/unit/test_api_error
endif
API_FAKES = \
	tests/fakes/fake_api_flow.c tests/fakes/fake_api_flow.h \
	tests/fakes/fake_api_http.c tests/fakes/fake_api_http.h \
	tests/fakes/fake_api_log.c tests/fakes/fake_api_log.h \
	tests/fakes/fake_api_world.c tests/fakes/fake_api_world.h \
	tests/fakes/fake_auth_store.c tests/fakes/fake_auth_store.h
API_TEST_LIBS = libapi.a libauth.a $(INVITE_LIBS) $(LOOP_LIBS) $(CMOCKA_LIBS)
tests_unit_test_api_SOURCES = tests/unit/test_api.c $(API_FAKES)
tests_unit_test_api_LDADD = $(API_TEST_LIBS)
tests_unit_test_api_invitation_SOURCES = tests/unit/test_api_invitation.c $(API_FAKES)
tests_unit_test_api_invitation_LDADD = $(API_TEST_LIBS)
tests_unit_test_api_read_SOURCES = tests/unit/test_api_read.c $(API_FAKES)
tests_unit_test_api_read_LDADD = $(API_TEST_LIBS)
tests_unit_test_api_error_SOURCES = tests/unit/test_api_error.c $(API_FAKES)
tests_unit_test_api_error_LDADD = $(API_TEST_LIBS)
