/*
 * The life of the module in a process: from C_Initialize to C_Finalize, and what a fork leaves of it: nothing.
 *
 * Locks, in the order in which one thread may take them:
 *   calls     held shared by every call, exclusively by C_Finalize
 *   a session's lock: its calls one after another
 *   a token's admin lock: logins, PINs, and whatever reads or writes its files
 *   tables    sessions, objects, attributes and login states in memory; held for moments only, never over arithmetic or
 *             input and output
 */
#ifndef CARDINAL_MODULE_H
#define CARDINAL_MODULE_H

#include "pkcs11/cryptoki.h"
#include "pkcs11/settings.h"

/*
 * Around every call: CKR_CRYPTOKI_NOT_INITIALIZED before C_Initialize, after C_Finalize, and in a process that is not
 * the one that called C_Initialize. After CKR_OK, module_leave() must follow.
 */
CK_RV module_enter(void);
void module_leave(void);

void tables_lock(void);
void tables_unlock(void);

/* What C_Initialize settled; within a call only. */
const struct settings *module_settings(void);

/* C_GetInfo as the list of 2.40 has it: its cryptokiVersion is 2.40. */
CK_RV module_info_2_40(CK_INFO_PTR info);

#endif
