/* The vendor batch interface (cardinal/batch.h), over sessions and objects of pkcs11/object.h. */
#ifndef CARDINAL_EXECUTE_H
#define CARDINAL_EXECUTE_H

#include "pkcs11/cryptoki.h"

extern const CK_CARDINAL_BATCH_FUNCTIONS batch_functions;

#endif
