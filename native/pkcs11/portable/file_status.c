/*
 * Part of the prebuilt module alone. Before version 2.33 glibc had no functions of these names for programs to find: its header made
 * calls of the functions below of them. OpenSSL's libraries were compiled with a newer header.
 */
#include <sys/stat.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-inconsistent-declaration-parameter-name): glibc's names. */
int __xstat(int version, const char *path, struct stat *status);
int __lxstat(int version, const char *path, struct stat *status);
int __fxstat(int version, int descriptor, struct stat *status);

/* bits/stat.h of glibc 2.28. */
#ifdef __x86_64__
#define STAT_VERSION 1
#else
#define STAT_VERSION 0
#endif

int stat(const char *path, struct stat *status) { return __xstat(STAT_VERSION, path, status); }

int lstat(const char *path, struct stat *status) { return __lxstat(STAT_VERSION, path, status); }

int fstat(int descriptor, struct stat *status) { return __fxstat(STAT_VERSION, descriptor, status); }
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-inconsistent-declaration-parameter-name) */
