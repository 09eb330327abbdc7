/* Where the HSM is. */
#ifndef STRONGROOM_ADDRESS_H
#define STRONGROOM_ADDRESS_H 1

#include <stdbool.h>
#include <sys/un.h>

/*
 * The socket that P11_KIT_SERVER_ADDRESS names, as "strongroom env" prints it; without the variable the one where Strongroom
 * listens for the programs of its own user. False when there is neither, or the address is none of a Unix socket.
 */
bool address_find(struct sockaddr_un *address);

#endif
