/* The vendor batch interface (cardinal/batch.h), over sessions and objects of pkcs11/object.h. */
#ifndef CARDINAL_EXECUTE_H
#define CARDINAL_EXECUTE_H

#include "pkcs11/cryptoki.h"

extern const CK_CARDINAL_BATCH_FUNCTIONS batch_functions;
/* The same for who asks for 1.0, to which 1.1 only adds. */
extern const CK_CARDINAL_BATCH_FUNCTIONS batch_functions_1_0;

#endif
