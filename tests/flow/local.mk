check_PROGRAMS += tests/flow/test_flow
tests_flow_test_flow_SOURCES = \
	tests/flow/test_flow.c \
	tests/flow/world.c tests/flow/world.h \
	tests/fakes/fake_dir.c tests/fakes/fake_dir.h \
	tests/fakes/fake_kv.c tests/fakes/fake_kv.h
tests_flow_test_flow_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/fakes
tests_flow_test_flow_LDADD = libflow.a liblog.a $(STORE_LIBS) $(UNISTRING_LIBS) $(IDN2_LIBS) $(CMOCKA_LIBS)
