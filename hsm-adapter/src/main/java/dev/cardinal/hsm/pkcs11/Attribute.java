package dev.cardinal.hsm.pkcs11;

/** One entry of a template; the binding encodes it with the platform's {@code CK_ULONG}. */
public sealed interface Attribute {

    /** One of {@link Cka}. */
    long type();

    /** A {@code CK_BBOOL}. */
    record Flag(long type, boolean value) implements Attribute {}

    /** A {@code CK_ULONG}. */
    record Ulong(long type, long value) implements Attribute {}

    /** Octets: big integers, identifiers, DER. Not copied; never printed. */
    record Octets(long type, byte[] value) implements Attribute {
        @Override
        public String toString() {
            return "Octets[type=0x" + Long.toHexString(type) + ", " + value.length + " octets]";
        }
    }

    static Attribute of(long type, boolean value) {
        return new Flag(type, value);
    }

    static Attribute of(long type, long value) {
        return new Ulong(type, value);
    }

    static Attribute of(long type, byte[] value) {
        return new Octets(type, value);
    }
}
