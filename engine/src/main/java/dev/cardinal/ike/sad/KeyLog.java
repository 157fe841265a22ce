package dev.cardinal.ike.sad;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.IkeKeyObserver;
import dev.cardinal.ike.sa.IkeSuite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A debug log of keys as Wireshark's tables take them, so that captures can be checked by others: each line is
 * {@code TABLE:RECORD}, fit for {@code tshark -o 'uat:TABLE:RECORD'}. Whoever can read the file can read the traffic. It is
 * written on the caller's thread, which a loop in service would not bear: for debugging only.
 */
public final class KeyLog implements IkeKeyObserver, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KeyLog.class);
    private static final HexFormat HEX = HexFormat.of();

    private final FileChannel file;

    private KeyLog(FileChannel file) {
        this.file = file;
    }

    /**
     * Opens a new file that only its owner can read, and warns.
     *
     * @throws IOException where it cannot be made; an existing file is never taken, since others might read it
     */
    public static KeyLog open(Path path) throws IOException {
        FileChannel file = FileChannel.open(
                path,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, StandardOpenOption.APPEND),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        log.warn("=====================================================================");
        log.warn("KEY LOG IS ON: every session key is written to {}", path.toAbsolutePath());
        log.warn("Anyone who reads that file can decrypt the traffic. Never in service.");
        log.warn("=====================================================================");
        return new KeyLog(file);
    }

    @Override
    public void derived(
            long initiatorSpi,
            long responderSpi,
            IkeSuite suite,
            Secret skEi,
            Secret skEr,
            @Nullable Secret skAi,
            @Nullable Secret skAr) {
        String encryption = ikeEncryption(suite.encryption(), suite.keyLength());
        String integrity = ikeIntegrity(suite.integrity());
        if (encryption == null || integrity == null) {
            log.warn("key log: Wireshark does not know {}", suite.listing());
            return;
        }
        Line line = new Line();
        line.text(
                "ikev2_decryption_table:" + HEX.toHexDigits(initiatorSpi) + "," + HEX.toHexDigits(responderSpi) + ",");
        line.secret(skEi).text(",").secret(skEr).text(",\"" + encryption + "\",");
        line.secretOrEmpty(skAi).text(",").secretOrEmpty(skAr).text(",\"" + integrity + "\"\n");
        append(line);
    }

    @Override
    public void derivedIkev1(long initiatorCookie, Secret key) {
        append(new Line()
                .text("ikev1_decryption_table:" + HEX.toHexDigits(initiatorCookie) + ",")
                .secret(key)
                .text("\n"));
    }

    /** Both directions of a Child SA; the keys stay the caller's. */
    public void installed(ChildSa child, ChildKeys keys) {
        InetAddress local = child.path().localAddress();
        InetAddress remote = child.path().remoteAddress();
        String encryption = espEncryption(child.suite().encryption());
        String integrity = espIntegrity(child.suite().integrity());
        if (encryption == null || integrity == null) {
            log.warn("key log: Wireshark does not know {}", child.suite().listing());
            return;
        }
        append(esp(
                local,
                remote,
                child.outboundSpi(),
                encryption,
                keys.outboundEncryption(),
                integrity,
                keys.outboundIntegrity()));
        append(esp(
                remote,
                local,
                child.inboundSpi(),
                encryption,
                keys.inboundEncryption(),
                integrity,
                keys.inboundIntegrity()));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private static Line esp(
            InetAddress source,
            InetAddress destination,
            int spi,
            String encryption,
            Secret encryptionKey,
            String integrity,
            @Nullable Secret integrityKey) {
        Line line = new Line();
        line.text("esp_sa:\"" + (source instanceof Inet6Address ? "IPv6" : "IPv4") + "\",\"" + source.getHostAddress()
                + "\",\"" + destination.getHostAddress() + "\",\"0x" + HEX.toHexDigits(spi) + "\",\"" + encryption
                + "\",\"");
        if (encryptionKey.length() > 0) {
            line.text("0x").secret(encryptionKey);
        }
        line.text("\",\"" + integrity + "\",\"");
        if (integrityKey != null) {
            line.text("0x").secret(integrityKey);
        }
        return line.text("\"\n");
    }

    private synchronized void append(Line line) {
        try {
            line.writeTo(file);
        } catch (IOException e) {
            throw new UncheckedIOException("key log", e);
        } finally {
            line.wipe();
        }
    }

    /** Wireshark's names for the table of IKEv2 keys; null where it has none. */
    private static @Nullable String ikeEncryption(EncryptionAlgorithm algorithm, int bits) {
        return switch (algorithm) {
            case TRIPLE_DES_CBC -> "3DES [RFC2451]";
            case AES_CBC -> "AES-CBC-" + bits + " [RFC3602]";
            case AES_CTR -> "AES-CTR-" + bits + " [RFC5930]";
            case AES_CCM_8 -> ccm(bits, 8);
            case AES_CCM_12 -> ccm(bits, 12);
            case AES_CCM_16 -> ccm(bits, 16);
            case AES_GCM_8 -> gcm(bits, 8);
            case AES_GCM_12 -> gcm(bits, 12);
            case AES_GCM_16 -> gcm(bits, 16);
            case NULL -> "NULL [RFC2410]";
            case CHACHA20_POLY1305 -> null;
        };
    }

    private static String ccm(int bits, int icv) {
        return "AES-CCM-" + bits + " with " + icv + " octet ICV [RFC5282]";
    }

    private static String gcm(int bits, int icv) {
        return "AES-GCM-" + bits + " with " + icv + " octet ICV [RFC5282]";
    }

    private static @Nullable String ikeIntegrity(@Nullable IntegrityAlgorithm algorithm) {
        if (algorithm == null) {
            return "NONE [RFC4306]";
        }
        return switch (algorithm) {
            case HMAC_SHA1_96 -> "HMAC_SHA1_96 [RFC2404]";
            case HMAC_SHA2_256_128 -> "HMAC_SHA2_256_128 [RFC4868]";
            case HMAC_SHA2_384_192 -> "HMAC_SHA2_384_192 [RFC4868]";
            case HMAC_SHA2_512_256 -> "HMAC_SHA2_512_256 [RFC4868]";
            case AES_XCBC_96, AES_CMAC_96 -> null;
        };
    }

    private static @Nullable String espEncryption(EncryptionAlgorithm algorithm) {
        return switch (algorithm) {
            case NULL -> "NULL";
            case TRIPLE_DES_CBC -> "TripleDES-CBC [RFC2451]";
            case AES_CBC -> "AES-CBC [RFC3602]";
            case AES_CTR -> "AES-CTR [RFC3686]";
            case AES_GCM_8 -> "AES-GCM with 8 octet ICV [RFC4106]";
            case AES_GCM_12 -> "AES-GCM with 12 octet ICV [RFC4106]";
            case AES_GCM_16 -> "AES-GCM with 16 octet ICV [RFC4106]";
            case AES_CCM_8, AES_CCM_12, AES_CCM_16, CHACHA20_POLY1305 -> null;
        };
    }

    private static @Nullable String espIntegrity(@Nullable IntegrityAlgorithm algorithm) {
        if (algorithm == null) {
            return "NULL";
        }
        return switch (algorithm) {
            case HMAC_SHA1_96 -> "HMAC-SHA-1-96 [RFC2404]";
            case HMAC_SHA2_256_128 -> "HMAC-SHA-256-128 [RFC4868]";
            case HMAC_SHA2_384_192 -> "HMAC-SHA-384-192 [RFC4868]";
            case HMAC_SHA2_512_256 -> "HMAC-SHA-512-256 [RFC4868]";
            case AES_XCBC_96, AES_CMAC_96 -> null;
        };
    }

    /** A line under construction, in characters that can be wiped. */
    private static final class Line {
        private char[] characters = new char[256];
        private int length;

        Line text(String text) {
            makeRoom(text.length());
            text.getChars(0, text.length(), characters, length);
            length += text.length();
            return this;
        }

        Line secret(Secret secret) {
            return secret.lend(octets -> {
                makeRoom(2 * octets.length);
                for (byte octet : octets) {
                    characters[length++] = HEX.toHighHexDigit(octet);
                    characters[length++] = HEX.toLowHexDigit(octet);
                }
                return this;
            });
        }

        Line secretOrEmpty(@Nullable Secret secret) {
            return secret == null ? text("\"\"") : secret(secret);
        }

        void writeTo(FileChannel file) throws IOException {
            ByteBuffer octets = StandardCharsets.US_ASCII.encode(CharBuffer.wrap(characters, 0, length));
            try {
                while (octets.hasRemaining()) {
                    file.write(octets);
                }
            } finally {
                Arrays.fill(octets.array(), (byte) 0);
            }
        }

        void wipe() {
            Arrays.fill(characters, '\0');
        }

        private void makeRoom(int more) {
            if (length + more > characters.length) {
                char[] larger = Arrays.copyOf(characters, 2 * (length + more));
                wipe();
                characters = larger;
            }
        }
    }
}
