package dev.cardinal.bench.gateway;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;

/**
 * A device with the flaw that tokens have had: a bad padding takes it longer. It looks at the padding with a private key of
 * its own, since nothing behind it tells. For the benchmark's own proof, and for nothing else.
 */
final class SlowDecryption implements CryptoPort {
    private final CryptoPort device;
    private final PrivateKey key;
    private final int millis;
    private final ScheduledThreadPoolExecutor executor;

    SlowDecryption(CryptoPort device, PrivateKey key, int millis) {
        this.device = device;
        this.key = key;
        this.millis = millis;
        executor = new ScheduledThreadPoolExecutor(
                2, Thread.ofPlatform().daemon(true).name("slow-", 0).factory());
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        return request instanceof CryptoRequest.Decrypt decrypt
                ? device.submit(decrypt, outcome -> executor.execute(() -> delayed(decrypt, outcome, completion)))
                : device.submit(request, completion);
    }

    private void delayed(CryptoRequest.Decrypt decrypt, CryptoOutcome outcome, Completion completion) {
        // every ciphertext is looked at: a second good one costs what a bad one costs
        boolean bad = !padded(decrypt.ciphertexts());
        if (bad) {
            var unused = executor.schedule(() -> completion.completed(outcome), millis, TimeUnit.MILLISECONDS);
        } else {
            completion.completed(outcome);
        }
    }

    private boolean padded(List<byte[]> ciphertexts) {
        boolean good = true;
        for (byte[] ciphertext : ciphertexts) {
            try {
                Cipher cipher = Cipher.getInstance("RSA/ECB/NoPadding");
                cipher.init(Cipher.DECRYPT_MODE, key);
                byte[] block = cipher.doFinal(ciphertext);
                int zero = 2;
                while (zero < block.length && block[zero] != 0) {
                    zero++;
                }
                good &= block[0] == 0 && block[1] == 2 && zero >= 10 && zero < block.length;
            } catch (GeneralSecurityException e) {
                good = false;
            }
        }
        return good;
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        device.release(handle);
    }
}
