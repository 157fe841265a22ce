package dev.cardinal.hsm;

/** Hashes by their names in the Java Security Standard Algorithm Names. */
public enum HashAlgorithm {
    SHA1("SHA-1", 20, 64),
    SHA256("SHA-256", 32, 64),
    SHA384("SHA-384", 48, 128),
    SHA512("SHA-512", 64, 128);

    private final String jcaName;
    private final int length;
    private final int blockLength;

    HashAlgorithm(String jcaName, int length, int blockLength) {
        this.jcaName = jcaName;
        this.length = length;
        this.blockLength = blockLength;
    }

    public String jcaName() {
        return jcaName;
    }

    /** Octets of output. */
    public int length() {
        return length;
    }

    /** Octets of HMAC's block. */
    public int blockLength() {
        return blockLength;
    }
}
