package dev.cardinal.ike.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What an established IKE SA with one Child SA keeps on the heap, and that nothing is kept once it is gone. Octets are those
 * of the class histogram, all of the heap's growth divided by the number of SAs.
 */
@Timeout(120)
class EstablishedSaFootprintTest {
    private static final int WITH_KEYS = 1500;
    private static final int WITH_CERTIFICATES = 600;

    /** Of the histograms themselves, and of what a JVM does by itself meanwhile. */
    private static final int NOISE = 128;

    /** Objects of one class that stacks and queues may still refer to, as their last. */
    private static final int LAST = 8;

    @BeforeAll
    static void internNames() {
        HeapHistogram.take();
    }

    @Test
    void withPresharedKeys() throws Exception {
        try (ManySas sas = new ManySas(ManySas.Proof.PRESHARED_KEY, WITH_KEYS)) {
            requireFootprint(sas, WITH_KEYS, 1800, 1600);
        }
    }

    @Test
    void withCertificates() throws Exception {
        try (ManySas sas = new ManySas(ManySas.Proof.CERTIFICATES, WITH_CERTIFICATES)) {
            // the response with the certificate is kept for retransmissions
            requireFootprint(sas, WITH_CERTIFICATES, 2700, 1600);
        }
    }

    /** RFC 7296 section 2.1: a response may be forgotten after several minutes. */
    @Test
    void certificatesAreForgottenWithTheResponse() throws Exception {
        try (ManySas sas = new ManySas(ManySas.Proof.CERTIFICATES, WITH_CERTIFICATES)) {
            sas.establish(WITH_CERTIFICATES);
            sas.forgetClients();
            sas.pass(Duration.ofMinutes(5));
            HeapHistogram later = HeapHistogram.take();
            sas.forgetGateway();
            requireAtMost(1600, later.since(HeapHistogram.take()), WITH_CERTIFICATES);
        }
    }

    @Test
    void nothingIsKeptOfWhatIsGone() throws Exception {
        try (ManySas sas = new ManySas(ManySas.Proof.PRESHARED_KEY, WITH_KEYS)) {
            sas.establish(WITH_KEYS);
            sas.deleteAll();
            HeapHistogram before = HeapHistogram.take();
            sas.establish(WITH_KEYS);
            sas.deleteAll();
            HeapHistogram after = HeapHistogram.take();
            HeapHistogram growth = after.since(before);
            assertEquals(Map.of(), grown(growth, "dev.cardinal.", LAST));
            assertEquals(Map.of(), grown(growth, "", WITH_KEYS - 1), "one of each for every SA");
        }
    }

    private static void requireFootprint(ManySas sas, int count, int gatewayBound, int clientBound) throws Exception {
        sas.establish(count);
        HeapHistogram both = HeapHistogram.take();
        sas.forgetClients();
        HeapHistogram gateway = HeapHistogram.take();
        sas.forgetGateway();
        requireAtMost(gatewayBound, gateway.since(HeapHistogram.take()), count);
        requireAtMost(clientBound, both.since(gateway), count);
    }

    private static void requireAtMost(int bound, HeapHistogram change, int count) {
        assertTrue(change.octets() / count <= bound + NOISE, () -> change.perThing(count));
    }

    /** Classes of which there are more, by more than {@code most}; without this test's own. */
    private static Map<String, Long> grown(HeapHistogram growth, String prefix, long most) {
        Map<String, Long> objects =
                growth.objects(name -> name.startsWith(prefix) && !name.startsWith(HeapHistogram.class.getName()));
        objects.values().removeIf(more -> more <= most);
        return objects;
    }
}
