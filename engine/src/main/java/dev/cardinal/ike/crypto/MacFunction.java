package dev.cardinal.ike.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import org.bouncycastle.crypto.macs.CMac;
import org.bouncycastle.crypto.params.KeyParameter;

/** A message authentication code, reused: init, any number of updates, finish, which leaves it keyed for another round. */
sealed interface MacFunction {

    /** @param name a JCA name of an HMAC, or AES-XCBC or AES-CMAC, as the catalogue's enums name them */
    static MacFunction of(String name) {
        return switch (name) {
            case "AES-XCBC" -> new AesXcbc();
            case "AES-CMAC" -> new AesCmac();
            default -> new Hmac(name);
        };
    }

    void init(byte[] key);

    void update(byte[] octets, int offset, int length);

    /** Writes the whole, untruncated value. */
    void finish(byte[] target, int offset);

    /** Octets of the untruncated value. */
    int length();

    /** HMAC (RFC 2104) by the JDK. */
    final class Hmac implements MacFunction {
        private final String name;
        private final Mac mac;

        Hmac(String name) {
            this.name = name;
            try {
                mac = Mac.getInstance(name);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the JDK lacks " + name, e);
            }
        }

        @Override
        public void init(byte[] key) {
            try (LentKey lent = new LentKey(name, key, 0, key.length)) {
                mac.init(lent);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(name + " refuses its key", e);
            }
        }

        @Override
        public void update(byte[] octets, int offset, int length) {
            mac.update(octets, offset, length);
        }

        @Override
        public void finish(byte[] target, int offset) {
            try {
                mac.doFinal(target, offset);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(name + " failed", e);
            }
        }

        @Override
        public int length() {
            return mac.getMacLength();
        }
    }

    /** AES-CMAC (RFC 4493) by Bouncy Castle. */
    final class AesCmac implements MacFunction {
        private final CMac mac = new CMac(new AesBlock());

        @Override
        public void init(byte[] key) {
            KeyParameter parameter = new KeyParameter(key);
            mac.init(parameter);
            Arrays.fill(parameter.getKey(), (byte) 0);
        }

        @Override
        public void update(byte[] octets, int offset, int length) {
            mac.update(octets, offset, length);
        }

        @Override
        public void finish(byte[] target, int offset) {
            mac.doFinal(target, offset);
        }

        @Override
        public int length() {
            return AesBlock.LENGTH;
        }
    }

    /** AES-XCBC-MAC (RFC 3566 section 4), not truncated. */
    final class AesXcbc implements MacFunction {
        private final AesBlock aes = new AesBlock();
        private final byte[] k2 = new byte[AesBlock.LENGTH];
        private final byte[] k3 = new byte[AesBlock.LENGTH];
        private final byte[] chain = new byte[AesBlock.LENGTH];
        private final byte[] held = new byte[AesBlock.LENGTH];
        private int heldLength;

        @Override
        public void init(byte[] key) {
            byte[] k1 = new byte[AesBlock.LENGTH];
            aes.init(key);
            derive(1, k1);
            derive(2, k2);
            derive(3, k3);
            aes.init(k1);
            Arrays.fill(k1, (byte) 0);
            clear();
        }

        private void derive(int constant, byte[] target) {
            Arrays.fill(chain, (byte) constant);
            aes.processBlock(chain, 0, target, 0);
        }

        @Override
        public void update(byte[] octets, int offset, int length) {
            int from = offset;
            int left = length;
            while (left > 0) {
                // the last block is treated apart, so a full one is kept until more is known to follow
                if (heldLength == AesBlock.LENGTH) {
                    mix(held);
                    aes.processBlock(chain, 0, chain, 0);
                    heldLength = 0;
                }
                int taken = Math.min(left, AesBlock.LENGTH - heldLength);
                System.arraycopy(octets, from, held, heldLength, taken);
                heldLength += taken;
                from += taken;
                left -= taken;
            }
        }

        @Override
        public void finish(byte[] target, int offset) {
            if (heldLength == AesBlock.LENGTH) {
                mix(k2);
            } else {
                Arrays.fill(held, heldLength, AesBlock.LENGTH, (byte) 0);
                held[heldLength] = (byte) 0x80;
                mix(k3);
            }
            mix(held);
            aes.processBlock(chain, 0, target, offset);
            clear();
        }

        private void mix(byte[] block) {
            for (int i = 0; i < AesBlock.LENGTH; i++) {
                chain[i] ^= block[i];
            }
        }

        private void clear() {
            Arrays.fill(chain, (byte) 0);
            Arrays.fill(held, (byte) 0);
            heldLength = 0;
        }

        @Override
        public int length() {
            return AesBlock.LENGTH;
        }
    }
}
