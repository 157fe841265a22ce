package dev.cardinal.hsm.pkcs11;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The binding: the only class that sees JNA. It encodes, calls, decodes and wipes; it decides nothing.
 *
 * <p>Functions are called by the pointers of {@code C_GetInterface("PKCS 11", 3.0)} where the module exports it, else
 * of {@code C_GetFunctionList}: several modules export nothing else by name. Safe for use by many threads, as far as the
 * module is.
 */
public final class JnaCryptoki implements Cryptoki {

    /** Slots and mechanisms a module may list; more than any has, so that one call suffices. */
    private static final int LIST_LIMIT = 4096;

    /**
     * {@code RTLD_NOW | RTLD_LOCAL}. Every module has the same symbols: loaded for all to see, the functions of the first
     * would replace those of the second within the second's own function list.
     */
    private static final int OPEN_FLAGS = Platform.isMac() ? 0x2 | 0x4 : 0x2;

    private static final Layouts LAYOUTS = new Layouts(Native.LONG_SIZE, Native.POINTER_SIZE);
    private static final StructLayout ATTRIBUTE = LAYOUTS.attribute();
    private static final StructLayout MECHANISM = LAYOUTS.mechanism();
    private static final StructLayout PSS = LAYOUTS.pssParams();
    private static final StructLayout ECDH1 = LAYOUTS.ecdh1Params();
    private static final StructLayout INITIALIZE_ARGS = LAYOUTS.initializeArgs();
    private static final StructLayout INFO = LAYOUTS.info();
    private static final StructLayout SLOT_INFO = LAYOUTS.slotInfo();
    private static final StructLayout TOKEN_INFO = LAYOUTS.tokenInfo();
    private static final StructLayout SESSION_INFO = LAYOUTS.sessionInfo();
    private static final StructLayout MECHANISM_INFO = LAYOUTS.mechanismInfo();
    private static final StructLayout LANE = LAYOUTS.batchLane();
    private static final StructLayout DERIVATION = LAYOUTS.batchDerivation();

    private static final byte[] NO_OCTETS = {};

    /**
     * Every library that was loaded, for the life of the process: JNA unloads a library nobody refers to, and bare
     * function pointers are no reference. Modules keep threads and exit handlers besides; unloading them is not safe.
     */
    private static final Set<NativeLibrary> LOADED = ConcurrentHashMap.newKeySet();

    private final Function[] functions;
    private final int version;
    private final @Nullable Function batch;
    private final ThreadLocal<Frame> frames = ThreadLocal.withInitial(Frame::new);

    private JnaCryptoki(Function[] functions, int version, @Nullable Function batch) {
        this.functions = functions;
        this.version = version;
        this.batch = batch;
    }

    /**
     * Loads a module; does not initialise it.
     *
     * @throws UnsatisfiedLinkError when the file is no library, or exports neither entry point
     */
    public static JnaCryptoki load(Path module) throws Pkcs11Exception {
        NativeLibrary library =
                NativeLibrary.getInstance(module.toString(), Map.of(Library.OPTION_OPEN_FLAGS, OPEN_FLAGS));
        LOADED.add(library);
        Pointer list = list3(library);
        if (list == null) {
            try (Frame frame = new Frame()) {
                Pointer slot = frame.block(Native.POINTER_SIZE);
                check("C_GetFunctionList", library.getFunction("C_GetFunctionList"), slot);
                list = slot.getPointer(0);
            }
        }
        int major = list.getByte(0);
        int minor = list.getByte(1);
        StructLayout layout = major >= 3 ? LAYOUTS.functionList3() : LAYOUTS.functionList();
        Function[] functions = new Function[CkFunction.values().length];
        for (CkFunction function : CkFunction.values()) {
            if (major >= 3 || !function.since3()) {
                Pointer address = list.getPointer(layout.offset(function.name()));
                if (address != null) {
                    functions[function.ordinal()] = Function.getFunction(address);
                }
            }
        }
        return new JnaCryptoki(functions, major << 8 | minor, batch(library));
    }

    private static @Nullable Pointer list3(NativeLibrary library) {
        return interfaceOf(library, "PKCS 11", new byte[] {3, 0});
    }

    /** {@code ExecuteBatch} where the module's current batch interface has a version 1.x, which only adds to 1.0. */
    private static @Nullable Function batch(NativeLibrary library) {
        Pointer list = interfaceOf(library, "Vendor Cardinal Batch", null);
        if (list == null || list.getByte(0) != 1) {
            return null;
        }
        Pointer address = list.getPointer(LAYOUTS.batchFunctions().offset("ExecuteBatch"));
        return address == null ? null : Function.getFunction(address);
    }

    /** The function list of an interface, null where the module has none of this name and version. */
    private static @Nullable Pointer interfaceOf(NativeLibrary library, String name, byte @Nullable [] version) {
        Function getInterface;
        try {
            getInterface = library.getFunction("C_GetInterface");
        } catch (UnsatisfiedLinkError e) {
            return null;
        }
        try (Frame frame = new Frame()) {
            Pointer text = frame.octets((name + "\0").getBytes(StandardCharsets.US_ASCII));
            Pointer wanted = version == null ? Pointer.NULL : frame.octets(version);
            Pointer out = frame.block(Native.POINTER_SIZE);
            if (call(getInterface, text, wanted, out, ulong(0)) != Ckr.OK) {
                return null;
            }
            Pointer found = out.getPointer(0);
            return found == null ? null : found.getPointer(LAYOUTS.ckInterface().offset("pFunctionList"));
        }
    }

    /** Whether the calling thread's off-heap memory holds nothing, as it must between calls. */
    boolean memoryWiped() {
        return frame().wiped();
    }

    static Layouts layouts() {
        return LAYOUTS;
    }

    @Override
    public int functionListVersion() {
        return version;
    }

    @Override
    public void initialize(@Nullable String reserved) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            // NSS reads one pointer more, which must be null, behind its parameter string
            Pointer args = frame.block(INITIALIZE_ARGS.size() + Native.POINTER_SIZE);
            putUlong(args, INITIALIZE_ARGS.offset("flags"), Ckf.OS_LOCKING_OK);
            if (reserved != null) {
                byte[] text = reserved.getBytes(StandardCharsets.UTF_8);
                args.setPointer(
                        INITIALIZE_ARGS.offset("pReserved"), frame.octets(Arrays.copyOf(text, text.length + 1)));
            }
            invoke(CkFunction.C_Initialize, args);
        }
    }

    @Override
    public void finish() throws Pkcs11Exception {
        invoke(CkFunction.C_Finalize, Pointer.NULL);
    }

    @Override
    public ModuleInfo getInfo() throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer info = frame.block(INFO.size());
            invoke(CkFunction.C_GetInfo, info);
            return new ModuleInfo(
                    version(info, INFO.offset("cryptokiVersion")),
                    text(info, INFO.offset("manufacturerID"), 32),
                    text(info, INFO.offset("libraryDescription"), 32),
                    version(info, INFO.offset("libraryVersion")));
        }
    }

    @Override
    public long[] getSlotList(boolean tokenPresent) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            // slots may appear while we ask: room for any number, so that the size need not be asked for
            Pointer count = frame.ulongBlock(LIST_LIMIT);
            Pointer slots = frame.block((long) LIST_LIMIT * Native.LONG_SIZE);
            // the first call makes SoftHSM look for new tokens
            invoke(CkFunction.C_GetSlotList, bool(tokenPresent), Pointer.NULL, count);
            putUlong(count, 0, LIST_LIMIT);
            invoke(CkFunction.C_GetSlotList, bool(tokenPresent), slots, count);
            return ulongs(slots, count);
        }
    }

    @Override
    public SlotInfo getSlotInfo(long slot) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer info = frame.block(SLOT_INFO.size());
            invoke(CkFunction.C_GetSlotInfo, ulong(slot), info);
            return new SlotInfo(
                    text(info, SLOT_INFO.offset("slotDescription"), 64),
                    text(info, SLOT_INFO.offset("manufacturerID"), 32),
                    getUlong(info, SLOT_INFO.offset("flags")));
        }
    }

    @Override
    public TokenInfo getTokenInfo(long slot) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer info = frame.block(TOKEN_INFO.size());
            invoke(CkFunction.C_GetTokenInfo, ulong(slot), info);
            return new TokenInfo(
                    text(info, TOKEN_INFO.offset("label"), 32),
                    text(info, TOKEN_INFO.offset("manufacturerID"), 32),
                    text(info, TOKEN_INFO.offset("model"), 16),
                    text(info, TOKEN_INFO.offset("serialNumber"), 16),
                    getUlong(info, TOKEN_INFO.offset("flags")),
                    getUlong(info, TOKEN_INFO.offset("ulMaxSessionCount")),
                    getUlong(info, TOKEN_INFO.offset("ulSessionCount")));
        }
    }

    @Override
    public long[] getMechanismList(long slot) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer count = frame.ulongBlock(LIST_LIMIT);
            Pointer mechanisms = frame.block((long) LIST_LIMIT * Native.LONG_SIZE);
            invoke(CkFunction.C_GetMechanismList, ulong(slot), mechanisms, count);
            return ulongs(mechanisms, count);
        }
    }

    @Override
    public MechanismInfo getMechanismInfo(long slot, long mechanism) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer info = frame.block(MECHANISM_INFO.size());
            invoke(CkFunction.C_GetMechanismInfo, ulong(slot), ulong(mechanism), info);
            return new MechanismInfo(
                    getUlong(info, MECHANISM_INFO.offset("ulMinKeySize")),
                    getUlong(info, MECHANISM_INFO.offset("ulMaxKeySize")),
                    getUlong(info, MECHANISM_INFO.offset("flags")));
        }
    }

    @Override
    public void initToken(long slot, byte[] soPin, String label) throws Pkcs11Exception {
        byte[] padded = new byte[32];
        Arrays.fill(padded, (byte) ' ');
        byte[] text = label.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(text, 0, padded, 0, Math.min(text.length, padded.length));
        try (Frame frame = frame()) {
            invoke(CkFunction.C_InitToken, ulong(slot), frame.octets(soPin), ulong(soPin.length), frame.octets(padded));
        }
    }

    @Override
    public void initPin(long session, byte[] pin) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            invoke(CkFunction.C_InitPIN, ulong(session), frame.octets(pin), ulong(pin.length));
        }
    }

    @Override
    public long openSession(long slot, long flags) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer session = frame.ulongBlock(0);
            invoke(CkFunction.C_OpenSession, ulong(slot), ulong(flags), Pointer.NULL, Pointer.NULL, session);
            return getUlong(session, 0);
        }
    }

    @Override
    public void closeSession(long session) throws Pkcs11Exception {
        invoke(CkFunction.C_CloseSession, ulong(session));
    }

    @Override
    public SessionInfo getSessionInfo(long session) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer info = frame.block(SESSION_INFO.size());
            invoke(CkFunction.C_GetSessionInfo, ulong(session), info);
            return new SessionInfo(
                    getUlong(info, SESSION_INFO.offset("slotID")),
                    getUlong(info, SESSION_INFO.offset("state")),
                    getUlong(info, SESSION_INFO.offset("flags")));
        }
    }

    @Override
    public void login(long session, long user, byte @Nullable [] pin) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer text = pin == null ? Pointer.NULL : frame.octets(pin);
            invoke(CkFunction.C_Login, ulong(session), ulong(user), text, ulong(pin == null ? 0 : pin.length));
        }
    }

    @Override
    public void logout(long session) throws Pkcs11Exception {
        invoke(CkFunction.C_Logout, ulong(session));
    }

    @Override
    public long createObject(long session, List<Attribute> template) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer object = frame.ulongBlock(0);
            invoke(
                    CkFunction.C_CreateObject,
                    ulong(session),
                    template(frame, template),
                    ulong(template.size()),
                    object);
            return getUlong(object, 0);
        }
    }

    @Override
    public void destroyObject(long session, long object) throws Pkcs11Exception {
        invoke(CkFunction.C_DestroyObject, ulong(session), ulong(object));
    }

    @Override
    public byte[] getAttributeValue(long session, long object, long type, int maxLength) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer attribute = frame.block(ATTRIBUTE.size());
            Pointer value = frame.block(maxLength);
            putUlong(attribute, ATTRIBUTE.offset("type"), type);
            attribute.setPointer(ATTRIBUTE.offset("pValue"), value);
            putUlong(attribute, ATTRIBUTE.offset("ulValueLen"), maxLength);
            invoke(CkFunction.C_GetAttributeValue, ulong(session), ulong(object), attribute, ulong(1));
            return octets("C_GetAttributeValue", value, getUlong(attribute, ATTRIBUTE.offset("ulValueLen")), maxLength);
        }
    }

    @Override
    public void findObjectsInit(long session, List<Attribute> template) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            invoke(CkFunction.C_FindObjectsInit, ulong(session), template(frame, template), ulong(template.size()));
        }
    }

    @Override
    public long[] findObjects(long session, int max) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer count = frame.ulongBlock(0);
            Pointer objects = frame.block((long) max * Native.LONG_SIZE);
            invoke(CkFunction.C_FindObjects, ulong(session), objects, ulong(max), count);
            return ulongs(objects, count);
        }
    }

    @Override
    public void findObjectsFinal(long session) throws Pkcs11Exception {
        invoke(CkFunction.C_FindObjectsFinal, ulong(session));
    }

    @Override
    public void digestInit(long session, Mechanism mechanism) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            invoke(CkFunction.C_DigestInit, ulong(session), mechanism(frame, mechanism));
        }
    }

    @Override
    public byte[] digest(long session, byte[] data, int maxLength) throws Pkcs11Exception {
        return transform(CkFunction.C_Digest, session, data, maxLength);
    }

    @Override
    public void digestUpdate(long session, byte[] data) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            invoke(CkFunction.C_DigestUpdate, ulong(session), frame.octets(data), ulong(data.length));
        }
    }

    @Override
    public void digestKey(long session, long key) throws Pkcs11Exception {
        invoke(CkFunction.C_DigestKey, ulong(session), ulong(key));
    }

    @Override
    public byte[] digestFinal(long session, int maxLength) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer out = frame.block(maxLength);
            Pointer length = frame.ulongBlock(maxLength);
            invoke(CkFunction.C_DigestFinal, ulong(session), out, length);
            return octets("C_DigestFinal", out, getUlong(length, 0), maxLength);
        }
    }

    @Override
    public void signInit(long session, Mechanism mechanism, long key) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            invoke(CkFunction.C_SignInit, ulong(session), mechanism(frame, mechanism), ulong(key));
        }
    }

    @Override
    public byte[] sign(long session, byte[] data, int maxLength) throws Pkcs11Exception {
        return transform(CkFunction.C_Sign, session, data, maxLength);
    }

    @Override
    public void decryptInit(long session, Mechanism mechanism, long key) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            invoke(CkFunction.C_DecryptInit, ulong(session), mechanism(frame, mechanism), ulong(key));
        }
    }

    @Override
    public Decryption decrypt(long session, byte[] data, int maxLength) {
        Function target = functions[CkFunction.C_Decrypt.ordinal()];
        if (target == null) {
            return new Decryption(Ckr.FUNCTION_NOT_SUPPORTED, new byte[maxLength], 0);
        }
        try (Frame frame = frame()) {
            Pointer out = frame.block(maxLength);
            Pointer length = frame.ulongBlock(maxLength);
            long rv = call(target, ulong(session), frame.octets(data), ulong(data.length), out, length);
            return new Decryption(rv, out.getByteArray(0, maxLength), getUlong(length, 0));
        }
    }

    @Override
    public KeyPair generateKeyPair(
            long session, Mechanism mechanism, List<Attribute> publicTemplate, List<Attribute> privateTemplate)
            throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer publicKey = frame.ulongBlock(0);
            Pointer privateKey = frame.ulongBlock(0);
            invoke(
                    CkFunction.C_GenerateKeyPair,
                    ulong(session),
                    mechanism(frame, mechanism),
                    template(frame, publicTemplate),
                    ulong(publicTemplate.size()),
                    template(frame, privateTemplate),
                    ulong(privateTemplate.size()),
                    publicKey,
                    privateKey);
            return new KeyPair(getUlong(publicKey, 0), getUlong(privateKey, 0));
        }
    }

    @Override
    public long deriveKey(long session, Mechanism mechanism, long baseKey, List<Attribute> template)
            throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer key = frame.ulongBlock(0);
            invoke(
                    CkFunction.C_DeriveKey,
                    ulong(session),
                    mechanism(frame, mechanism),
                    ulong(baseKey),
                    template(frame, template),
                    ulong(template.size()),
                    key);
            return getUlong(key, 0);
        }
    }

    @Override
    public byte[] generateRandom(long session, int length) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer out = frame.block(length);
            invoke(CkFunction.C_GenerateRandom, ulong(session), out, ulong(length));
            return out.getByteArray(0, length);
        }
    }

    @Override
    public boolean offersBatch() {
        return batch != null;
    }

    @Override
    public List<Lane.Outcome> executeBatch(long session, List<Lane> lanes) throws Pkcs11Exception {
        if (batch == null) {
            throw new Pkcs11Exception("ExecuteBatch", Ckr.FUNCTION_NOT_SUPPORTED);
        }
        try (Frame frame = frame()) {
            Pointer array = frame.block((long) LANE.size() * lanes.size());
            List<LaneMemory> memories = new ArrayList<>(lanes.size());
            long at = 0;
            for (Lane lane : lanes) {
                memories.add(encoded(frame, array.share(at, LANE.size()), lane));
                at += LANE.size();
            }
            check("ExecuteBatch", batch, ulong(session), array, ulong(lanes.size()));
            List<Lane.Outcome> outcomes = new ArrayList<>(lanes.size());
            for (LaneMemory memory : memories) {
                outcomes.add(memory.outcome());
            }
            return outcomes;
        }
    }

    private static LaneMemory encoded(Frame frame, Pointer struct, Lane lane) {
        // a lane that the module forgets has failed
        putUlong(struct, LANE.offset("rv"), Ckr.GENERAL_ERROR);
        return switch (lane) {
            case Lane.Sign sign -> {
                begin(frame, struct, Ckb.SIGN, sign.mechanism(), sign.key());
                input(frame, struct, sign.data());
                yield new ProductMemory(struct, output(frame, struct, sign.maxLength()), Room.NONE);
            }
            case Lane.Verify verify -> {
                begin(frame, struct, Ckb.VERIFY, verify.mechanism(), 0);
                parameters(frame, struct, verify.key());
                input(frame, struct, verify.data());
                struct.setPointer(LANE.offset("pIn2"), frame.octets(verify.signature()));
                putUlong(struct, LANE.offset("ulIn2Len"), verify.signature().length);
                yield new ProductMemory(struct, Room.NONE, Room.NONE);
            }
            case Lane.Decrypt decrypt -> {
                begin(frame, struct, Ckb.DECRYPT, decrypt.mechanism(), decrypt.key());
                input(frame, struct, decrypt.data());
                yield new DecryptionMemory(struct, output(frame, struct, decrypt.maxLength()));
            }
            case Lane.Generate generate -> {
                begin(frame, struct, Ckb.GENERATE, generate.mechanism(), 0);
                parameters(frame, struct, generate.parameters());
                objectTemplate(frame, struct, generate.template());
                // this operation's one output is the public value
                yield new ProductMemory(struct, Room.NONE, output(frame, struct, generate.maxPublicLength()));
            }
            case Lane.Agree agree -> {
                begin(frame, struct, Ckb.AGREE, agree.mechanism(), agree.key());
                yield new ProductMemory(struct, product(frame, struct, agree.product()), Room.NONE);
            }
            case Lane.GenerateAndAgree both -> {
                begin(frame, struct, Ckb.GENERATE_AND_AGREE, both.mechanism(), 0);
                parameters(frame, struct, both.parameters());
                Room publicValue = room(frame, struct, "pPublic", "ulPublicLen", both.maxPublicLength());
                yield new ProductMemory(struct, product(frame, struct, both.product()), publicValue);
            }
        };
    }

    private static void begin(Frame frame, Pointer struct, long operation, Mechanism mechanism, long key) {
        putUlong(struct, LANE.offset("ulOperation"), operation);
        struct.setPointer(LANE.offset("pMechanism"), mechanism(frame, mechanism));
        putUlong(struct, LANE.offset("hKey"), key);
    }

    private static void input(Frame frame, Pointer struct, byte[] data) {
        struct.setPointer(LANE.offset("pIn"), frame.octets(data));
        putUlong(struct, LANE.offset("ulInLen"), data.length);
    }

    private static void parameters(Frame frame, Pointer struct, List<Attribute> parameters) {
        struct.setPointer(LANE.offset("pTemplate"), template(frame, parameters));
        putUlong(struct, LANE.offset("ulCount"), parameters.size());
    }

    private static void objectTemplate(Frame frame, Pointer struct, List<Attribute> template) {
        struct.setPointer(LANE.offset("pTemplate2"), template(frame, template));
        putUlong(struct, LANE.offset("ulCount2"), template.size());
    }

    private static Room product(Frame frame, Pointer struct, Lane.Product product) {
        return switch (product) {
            case Lane.Product.Kept kept -> {
                objectTemplate(frame, struct, kept.template());
                yield Room.NONE;
            }
            case Lane.Product.Derived derived -> {
                Pointer derivation = frame.block(DERIVATION.size());
                putUlong(derivation, DERIVATION.offset("ulKind"), derived.kind());
                putUlong(derivation, DERIVATION.offset("prfMechanism"), derived.prf());
                derivation.setPointer(DERIVATION.offset("pKey"), frame.octets(derived.key()));
                putUlong(derivation, DERIVATION.offset("ulKeyLen"), derived.key().length);
                derivation.setPointer(DERIVATION.offset("pSuffix"), frame.octets(derived.suffix()));
                putUlong(derivation, DERIVATION.offset("ulSuffixLen"), derived.suffix().length);
                putUlong(derivation, DERIVATION.offset("ulLength"), derived.length());
                struct.setPointer(LANE.offset("pDerivation"), derivation);
                yield output(frame, struct, derived.length());
            }
        };
    }

    private static Room output(Frame frame, Pointer struct, int length) {
        return room(frame, struct, "pOut", "ulOutLen", length);
    }

    private static Room room(Frame frame, Pointer struct, String pointerField, String lengthField, int length) {
        Pointer memory = frame.block(length);
        struct.setPointer(LANE.offset(pointerField), memory);
        putUlong(struct, LANE.offset(lengthField), length);
        return new Room(memory, length, LANE.offset(lengthField));
    }

    /**
     * An output of a lane: our own pointer, whatever the module may write over its structure's.
     *
     * @param length octets of the memory; 0: no output
     * @param lengthOffset of the field in the lane that tells how much was written
     */
    private record Room(Pointer memory, int length, int lengthOffset) {
        static final Room NONE = new Room(Pointer.NULL, 0, 0);

        byte[] octets(Pointer struct) throws Pkcs11Exception {
            return length == 0
                    ? NO_OCTETS
                    : JnaCryptoki.octets("ExecuteBatch", memory, getUlong(struct, lengthOffset), length);
        }
    }

    /** Where a lane is and what it made. */
    private sealed interface LaneMemory {
        Lane.Outcome outcome();
    }

    /** Of a decryption: all that is there is read, whatever the module says of it. */
    private record DecryptionMemory(Pointer struct, Room output) implements LaneMemory {

        @Override
        public Lane.Outcome outcome() {
            return new Lane.Outcome(
                    getUlong(struct, LANE.offset("rv")),
                    output.memory().getByteArray(0, output.length()),
                    getUlong(struct, output.lengthOffset()),
                    NO_OCTETS,
                    0);
        }
    }

    private record ProductMemory(Pointer struct, Room output, Room publicValue) implements LaneMemory {

        @Override
        public Lane.Outcome outcome() {
            long rv = getUlong(struct, LANE.offset("rv"));
            try {
                if (rv == Ckr.OK) {
                    return new Lane.Outcome(
                            rv,
                            output.octets(struct),
                            publicValue.octets(struct),
                            getUlong(struct, LANE.offset("hNew")));
                }
            } catch (Pkcs11Exception e) {
                rv = e.ckr();
            }
            return new Lane.Outcome(rv, NO_OCTETS, NO_OCTETS, 0);
        }
    }

    private byte[] transform(CkFunction function, long session, byte[] data, int maxLength) throws Pkcs11Exception {
        try (Frame frame = frame()) {
            Pointer out = frame.block(maxLength);
            Pointer length = frame.ulongBlock(maxLength);
            invoke(function, ulong(session), frame.octets(data), ulong(data.length), out, length);
            return octets(function.name(), out, getUlong(length, 0), maxLength);
        }
    }

    private void invoke(CkFunction function, @Nullable Object... arguments) throws Pkcs11Exception {
        Function target = functions[function.ordinal()];
        if (target == null) {
            throw new Pkcs11Exception(function.name(), Ckr.FUNCTION_NOT_SUPPORTED);
        }
        check(function.name(), target, arguments);
    }

    private static void check(String name, Function function, @Nullable Object... arguments) throws Pkcs11Exception {
        long ckr = call(function, arguments);
        if (ckr != Ckr.OK) {
            throw new Pkcs11Exception(name, ckr);
        }
    }

    private static long call(Function function, @Nullable Object... arguments) {
        return Native.LONG_SIZE == 8
                ? function.invokeLong(arguments)
                : Integer.toUnsignedLong(function.invokeInt(arguments));
    }

    private Frame frame() {
        return frames.get();
    }

    private static Object ulong(long value) {
        return Native.LONG_SIZE == 8 ? (Object) value : new NativeLong(value, true);
    }

    private static Byte bool(boolean value) {
        return (byte) (value ? 1 : 0);
    }

    private static void putUlong(Pointer pointer, long offset, long value) {
        if (Native.LONG_SIZE == 8) {
            pointer.setLong(offset, value);
        } else {
            pointer.setInt(offset, (int) value);
        }
    }

    private static long getUlong(Pointer pointer, long offset) {
        if (Native.LONG_SIZE == 8) {
            return pointer.getLong(offset);
        }
        int value = pointer.getInt(offset);
        // CK_UNAVAILABLE_INFORMATION is all ones in either width
        return value == -1 ? -1 : Integer.toUnsignedLong(value);
    }

    private static long[] ulongs(Pointer values, Pointer count) {
        long[] result = new long[(int) Math.clamp(getUlong(count, 0), 0L, LIST_LIMIT)];
        for (int i = 0; i < result.length; i++) {
            result[i] = getUlong(values, (long) i * Native.LONG_SIZE);
        }
        return result;
    }

    /** A module that reports more than the buffer holds must not make us read beyond it. */
    private static byte[] octets(String function, Pointer value, long length, int maxLength) throws Pkcs11Exception {
        if (length < 0 || length > maxLength) {
            throw new Pkcs11Exception(function, Ckr.BUFFER_TOO_SMALL);
        }
        return value.getByteArray(0, (int) length);
    }

    private static String text(Pointer struct, long offset, int length) {
        return new String(struct.getByteArray(offset, length), StandardCharsets.UTF_8)
                .replace('\0', ' ')
                .stripTrailing();
    }

    private static String version(Pointer struct, long offset) {
        return Byte.toUnsignedInt(struct.getByte(offset)) + "." + Byte.toUnsignedInt(struct.getByte(offset + 1));
    }

    private static Pointer template(Frame frame, List<Attribute> template) {
        Pointer array = frame.block((long) ATTRIBUTE.size() * template.size());
        long at = 0;
        for (Attribute attribute : template) {
            Pointer value;
            int length;
            switch (attribute) {
                case Attribute.Flag flag -> {
                    value = frame.octets(new byte[] {(byte) (flag.value() ? 1 : 0)});
                    length = 1;
                }
                case Attribute.Ulong number -> {
                    value = frame.ulongBlock(number.value());
                    length = Native.LONG_SIZE;
                }
                case Attribute.Octets octets -> {
                    value = frame.octets(octets.value());
                    length = octets.value().length;
                }
            }
            putUlong(array, at + ATTRIBUTE.offset("type"), attribute.type());
            array.setPointer(at + ATTRIBUTE.offset("pValue"), value);
            putUlong(array, at + ATTRIBUTE.offset("ulValueLen"), length);
            at += ATTRIBUTE.size();
        }
        return array;
    }

    private static Pointer mechanism(Frame frame, Mechanism mechanism) {
        Pointer struct = frame.block(MECHANISM.size());
        Pointer parameter = Pointer.NULL;
        int length = 0;
        switch (mechanism.parameter()) {
            case Mechanism.Parameter.None none -> {}
            case Mechanism.Parameter.Raw raw -> {
                parameter = frame.octets(raw.value());
                length = raw.value().length;
            }
            case Mechanism.Parameter.Pss pss -> {
                parameter = frame.block(PSS.size());
                length = PSS.size();
                putUlong(parameter, PSS.offset("hashAlg"), pss.hash());
                putUlong(parameter, PSS.offset("mgf"), pss.mgf());
                putUlong(parameter, PSS.offset("sLen"), pss.saltLength());
            }
            case Mechanism.Parameter.Ecdh1 ecdh1 -> {
                parameter = frame.block(ECDH1.size());
                length = ECDH1.size();
                putUlong(parameter, ECDH1.offset("kdf"), ecdh1.kdf());
                putUlong(parameter, ECDH1.offset("ulPublicDataLen"), ecdh1.publicData().length);
                parameter.setPointer(ECDH1.offset("pPublicData"), frame.octets(ecdh1.publicData()));
            }
        }
        putUlong(struct, MECHANISM.offset("mechanism"), mechanism.type());
        struct.setPointer(MECHANISM.offset("pParameter"), parameter);
        putUlong(struct, MECHANISM.offset("ulParameterLen"), length);
        return struct;
    }

    /**
     * Off-heap memory for one call of one thread: taken from the thread's own block, wiped and given back when the call
     * has returned. What does not fit is allocated apart and freed, and the block grows for the calls to come.
     */
    private static final class Frame implements AutoCloseable {
        private static final long BLOCK_SIZE = 32 * 1024;

        /** What a batch of some hundred lanes takes. */
        private static final long BLOCK_LIMIT = 1024 * 1024;

        private final List<Memory> apart = new ArrayList<>();
        private Memory block = cleared(BLOCK_SIZE);
        private long used;

        /** Zeroed memory, aligned for any field. */
        Pointer block(long size) {
            long rounded = (Math.max(size, 1) + 15) & ~15L;
            if (used + rounded <= block.size()) {
                Pointer pointer = block.share(used, rounded);
                used += rounded;
                return pointer;
            }
            Memory memory = cleared(rounded);
            apart.add(memory);
            return memory;
        }

        private static Memory cleared(long size) {
            Memory memory = new Memory(size);
            memory.clear();
            return memory;
        }

        Pointer octets(byte[] value) {
            Pointer pointer = block(value.length);
            pointer.write(0, value, 0, value.length);
            return pointer;
        }

        Pointer ulongBlock(long value) {
            Pointer pointer = block(Native.LONG_SIZE);
            putUlong(pointer, 0, value);
            return pointer;
        }

        boolean wiped() {
            return used == 0 && apart.isEmpty() && !hasOctets(block.getByteArray(0, (int) block.size()));
        }

        private static boolean hasOctets(byte[] memory) {
            for (byte octet : memory) {
                if (octet != 0) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void close() {
            if (used > 0) {
                block.setMemory(0, used, (byte) 0);
                used = 0;
            }
            if (apart.isEmpty()) {
                return;
            }
            for (Memory memory : apart) {
                memory.clear();
                memory.close();
            }
            apart.clear();
            if (block.size() < BLOCK_LIMIT) {
                Memory larger = cleared(2 * block.size());
                block.close();
                block = larger;
            }
        }
    }
}
