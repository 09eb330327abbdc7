/*
 * A PKCS#11 program that does one thing for a while and tells how often and how fast: the measuring end of
 * `npm run bench:pkcs11`. Keys are found by their label; every thread has a session of its own.
 *
 *   client MODULE PIN OPERATION THREADS
 *
 * Stays logged in, and works for as many milliseconds as each line of its input says. It then prints operations a second, and
 * the 50th and 99th percentile of one of them in microseconds. `prepare` makes the keys, and ends.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <p11-kit/pkcs11.h>

#define MAX_THREADS 16
#define MAX_TIMES 1000000

static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;
static const char *operation;
static double run_ms;

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: 0x%lx\n", what, (unsigned long)rv);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static CK_SESSION_HANDLE open_session(void)
{
	CK_SESSION_HANDLE session;
	must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), "C_OpenSession");
	return session;
}

static CK_OBJECT_HANDLE find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof class },
		{ CKA_LABEL, (void *)label, strlen(label) },
	};
	CK_OBJECT_HANDLE key;
	CK_ULONG found = 0;
	must(p11->C_FindObjectsInit(session, wanted, 2), "C_FindObjectsInit");
	must(p11->C_FindObjects(session, &key, 1, &found), "C_FindObjects");
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	if (found != 1) {
		fprintf(stderr, "there is no key %s\n", label);
		exit(1);
	}
	return key;
}

static void prepare(void)
{
	static CK_BBOOL yes = CK_TRUE;
	static CK_ULONG bits = 2048, length = 32;
	static CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	static CK_BYTE exponent[] = { 1, 0, 1 };
	CK_SESSION_HANDLE session = open_session();
	CK_OBJECT_HANDLE one, other;
	CK_MECHANISM rsa = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 }, ec = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM secret = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE rsa_public[] = { { CKA_MODULUS_BITS, &bits, sizeof bits },
				      { CKA_PUBLIC_EXPONENT, exponent, sizeof exponent },
				      { CKA_TOKEN, &yes, 1 }, { CKA_VERIFY, &yes, 1 } };
	CK_ATTRIBUTE ec_public[] = { { CKA_EC_PARAMS, p256, sizeof p256 }, { CKA_TOKEN, &yes, 1 },
				     { CKA_VERIFY, &yes, 1 } };
	CK_ATTRIBUTE rsa_private[] = { { CKA_LABEL, "bench-rsa", 9 }, { CKA_TOKEN, &yes, 1 },
				       { CKA_PRIVATE, &yes, 1 }, { CKA_SIGN, &yes, 1 } };
	CK_ATTRIBUTE ec_private[] = { { CKA_LABEL, "bench-ec", 8 }, { CKA_TOKEN, &yes, 1 },
				      { CKA_PRIVATE, &yes, 1 }, { CKA_SIGN, &yes, 1 } };
	CK_ATTRIBUTE hmac[] = { { CKA_LABEL, "bench-hmac", 10 }, { CKA_TOKEN, &yes, 1 }, { CKA_SIGN, &yes, 1 },
				{ CKA_KEY_TYPE, &generic, sizeof generic }, { CKA_VALUE_LEN, &length, sizeof length } };
	must(p11->C_GenerateKeyPair(session, &rsa, rsa_public, 4, rsa_private, 4, &one, &other), "RSA key");
	must(p11->C_GenerateKeyPair(session, &ec, ec_public, 3, ec_private, 4, &one, &other), "EC key");
	must(p11->C_GenerateKey(session, &secret, hmac, 5, &one), "HMAC key");
}

struct lane {
	pthread_t thread;
	float *times;
	long count;
};

static void *run(void *argument)
{
	struct lane *lane = argument;
	CK_SESSION_HANDLE session = open_session();
	CK_SESSION_INFO info;
	CK_BYTE data[32] = "what is signed: thirty-two bytes", signature[512];
	CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	int signing = 1;
	double begun, last, t;

	if (!strcmp(operation, "rsa")) {
		key = find(session, CKO_PRIVATE_KEY, "bench-rsa");
	} else if (!strcmp(operation, "p256")) {
		mechanism.mechanism = CKM_ECDSA;
		key = find(session, CKO_PRIVATE_KEY, "bench-ec");
	} else if (!strcmp(operation, "hmac")) {
		mechanism.mechanism = CKM_SHA256_HMAC;
		key = find(session, CKO_SECRET_KEY, "bench-hmac");
	} else {
		signing = 0;
	}
	for (begun = last = now_us(); last - begun < run_ms * 1e3 && lane->count < MAX_TIMES; last = t) {
		CK_ULONG length = sizeof signature;
		if (signing) {
			must(p11->C_SignInit(session, &mechanism, key), "C_SignInit");
			must(p11->C_Sign(session, data, sizeof data, signature, &length), "C_Sign");
		} else {
			must(p11->C_GetSessionInfo(session, &info), "C_GetSessionInfo");
		}
		t = now_us();
		lane->times[lane->count++] = t - last;
	}
	must(p11->C_CloseSession(session), "C_CloseSession");
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

static void measure(int threads)
{
	struct lane lanes[MAX_THREADS] = { 0 };
	double begun = now_us(), seconds;
	float *all;
	long total = 0;
	int i;

	for (i = 0; i < threads; i++) {
		lanes[i].times = malloc(MAX_TIMES * sizeof(float));
		pthread_create(&lanes[i].thread, NULL, run, &lanes[i]);
	}
	for (i = 0; i < threads; i++) {
		pthread_join(lanes[i].thread, NULL);
		total += lanes[i].count;
	}
	if (total == 0)
		exit(1);
	seconds = (now_us() - begun) / 1e6;
	all = malloc(total * sizeof(float));
	for (i = 0, total = 0; i < threads; i++) {
		memcpy(all + total, lanes[i].times, lanes[i].count * sizeof(float));
		total += lanes[i].count;
		free(lanes[i].times);
	}
	qsort(all, total, sizeof(float), by_size);
	printf("%.1f %.1f %.1f\n", total / seconds, all[total / 2], all[total * 99 / 100]);
	fflush(stdout);
	free(all);
}

int main(int argc, char **argv)
{
	CK_RV (*list)(CK_FUNCTION_LIST **);
	CK_C_INITIALIZE_ARGS locking = { .flags = CKF_OS_LOCKING_OK };
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;
	char line[32];
	void *module;

	if (argc != 5 || !(module = dlopen(argv[1], RTLD_NOW))) {
		fprintf(stderr, "usage: client MODULE PIN OPERATION THREADS\n");
		return 2;
	}
	*(void **)&list = dlsym(module, "C_GetFunctionList");
	must(list(&p11), "C_GetFunctionList");
	must(p11->C_Initialize(&locking), "C_Initialize");
	must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	slot = slots[0];
	must(p11->C_Login(open_session(), CKU_USER, (CK_UTF8CHAR *)argv[2], strlen(argv[2])), "C_Login");
	operation = argv[3];
	if (!strcmp(operation, "prepare")) {
		prepare();
	} else {
		while (fgets(line, sizeof line, stdin)) {
			run_ms = atof(line);
			measure(atoi(argv[4]));
		}
	}
	must(p11->C_Finalize(NULL), "C_Finalize");
	return 0;
}
