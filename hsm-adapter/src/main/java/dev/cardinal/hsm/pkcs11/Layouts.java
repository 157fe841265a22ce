package dev.cardinal.hsm.pkcs11;

import java.util.List;

/**
 * The structures that cross the binding.
 *
 * @param ulong octets of {@code CK_ULONG}, the platform's {@code unsigned long}
 * @param pointer octets of a pointer
 */
public record Layouts(int ulong, int pointer) {

    StructLayout functionList() {
        return functionList("CK_FUNCTION_LIST", CkFunction.COUNT_2_40);
    }

    StructLayout functionList3() {
        return functionList("CK_FUNCTION_LIST_3_0", CkFunction.values().length);
    }

    private StructLayout functionList(String name, int count) {
        StructLayout.Builder builder = StructLayout.of(name).version("version");
        for (CkFunction function : CkFunction.values()) {
            if (function.ordinal() < count) {
                builder.field(function.name(), pointer);
            }
        }
        return builder.build();
    }

    StructLayout ckInterface() {
        return StructLayout.of("CK_INTERFACE")
                .field("pInterfaceName", pointer)
                .field("pFunctionList", pointer)
                .field("flags", ulong)
                .build();
    }

    StructLayout initializeArgs() {
        return StructLayout.of("CK_C_INITIALIZE_ARGS")
                .field("CreateMutex", pointer)
                .field("DestroyMutex", pointer)
                .field("LockMutex", pointer)
                .field("UnlockMutex", pointer)
                .field("flags", ulong)
                .field("pReserved", pointer)
                .build();
    }

    StructLayout info() {
        return StructLayout.of("CK_INFO")
                .version("cryptokiVersion")
                .array("manufacturerID", 1, 32)
                .field("flags", ulong)
                .array("libraryDescription", 1, 32)
                .version("libraryVersion")
                .build();
    }

    StructLayout slotInfo() {
        return StructLayout.of("CK_SLOT_INFO")
                .array("slotDescription", 1, 64)
                .array("manufacturerID", 1, 32)
                .field("flags", ulong)
                .version("hardwareVersion")
                .version("firmwareVersion")
                .build();
    }

    StructLayout tokenInfo() {
        return StructLayout.of("CK_TOKEN_INFO")
                .array("label", 1, 32)
                .array("manufacturerID", 1, 32)
                .array("model", 1, 16)
                .array("serialNumber", 1, 16)
                .field("flags", ulong)
                .field("ulMaxSessionCount", ulong)
                .field("ulSessionCount", ulong)
                .field("ulMaxRwSessionCount", ulong)
                .field("ulRwSessionCount", ulong)
                .field("ulMaxPinLen", ulong)
                .field("ulMinPinLen", ulong)
                .field("ulTotalPublicMemory", ulong)
                .field("ulFreePublicMemory", ulong)
                .field("ulTotalPrivateMemory", ulong)
                .field("ulFreePrivateMemory", ulong)
                .version("hardwareVersion")
                .version("firmwareVersion")
                .array("utcTime", 1, 16)
                .build();
    }

    StructLayout sessionInfo() {
        return StructLayout.of("CK_SESSION_INFO")
                .field("slotID", ulong)
                .field("state", ulong)
                .field("flags", ulong)
                .field("ulDeviceError", ulong)
                .build();
    }

    StructLayout mechanismInfo() {
        return StructLayout.of("CK_MECHANISM_INFO")
                .field("ulMinKeySize", ulong)
                .field("ulMaxKeySize", ulong)
                .field("flags", ulong)
                .build();
    }

    StructLayout attribute() {
        return StructLayout.of("CK_ATTRIBUTE")
                .field("type", ulong)
                .field("pValue", pointer)
                .field("ulValueLen", ulong)
                .build();
    }

    StructLayout mechanism() {
        return StructLayout.of("CK_MECHANISM")
                .field("mechanism", ulong)
                .field("pParameter", pointer)
                .field("ulParameterLen", ulong)
                .build();
    }

    StructLayout pssParams() {
        return StructLayout.of("CK_RSA_PKCS_PSS_PARAMS")
                .field("hashAlg", ulong)
                .field("mgf", ulong)
                .field("sLen", ulong)
                .build();
    }

    StructLayout ecdh1Params() {
        return StructLayout.of("CK_ECDH1_DERIVE_PARAMS")
                .field("kdf", ulong)
                .field("ulSharedDataLen", ulong)
                .field("pSharedData", pointer)
                .field("ulPublicDataLen", ulong)
                .field("pPublicData", pointer)
                .build();
    }

    StructLayout batchFunctions() {
        return StructLayout.of("CK_CARDINAL_BATCH_FUNCTIONS")
                .version("version")
                .field("ExecuteBatch", pointer)
                .build();
    }

    StructLayout batchLane() {
        return StructLayout.of("CK_CARDINAL_BATCH_LANE")
                .field("ulOperation", ulong)
                .field("pMechanism", pointer)
                .field("hKey", ulong)
                .field("pTemplate", pointer)
                .field("ulCount", ulong)
                .field("pTemplate2", pointer)
                .field("ulCount2", ulong)
                .field("pIn", pointer)
                .field("ulInLen", ulong)
                .field("pIn2", pointer)
                .field("ulIn2Len", ulong)
                .field("pDerivation", pointer)
                .field("pOut", pointer)
                .field("ulOutLen", ulong)
                .field("pPublic", pointer)
                .field("ulPublicLen", ulong)
                .field("hNew", ulong)
                .field("rv", ulong)
                .build();
    }

    StructLayout batchDerivation() {
        return StructLayout.of("CK_CARDINAL_DERIVATION")
                .field("ulKind", ulong)
                .field("prfMechanism", ulong)
                .field("pKey", pointer)
                .field("ulKeyLen", ulong)
                .field("pSuffix", pointer)
                .field("ulSuffixLen", ulong)
                .field("pSeed", pointer)
                .field("ulSeedLen", ulong)
                .field("ulLength", ulong)
                .build();
    }

    /** The structures of {@code cardinal/batch.h}, for the comparison with a C compiler's numbers. */
    List<StructLayout> batch() {
        return List.of(batchFunctions(), batchLane(), batchDerivation());
    }

    /** Every structure of the standard, for the same. */
    List<StructLayout> all() {
        return List.of(
                functionList(),
                functionList3(),
                ckInterface(),
                initializeArgs(),
                info(),
                slotInfo(),
                tokenInfo(),
                sessionInfo(),
                mechanismInfo(),
                attribute(),
                mechanism(),
                pssParams(),
                ecdh1Params());
    }
}
