noinst_LIBRARIES += libloop.a
libloop_a_SOURCES = \
	src/loop/loop.c src/loop/loop.h \
	src/loop/work.c src/loop/work.h
