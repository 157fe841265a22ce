package dev.cardinal.ike.sa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProposalSelectionTest {
    private static final Transform AES_CBC_128 = new Transform(Transform.ENCRYPTION, 12, 128);
    private static final Transform AES_CBC_256 = new Transform(Transform.ENCRYPTION, 12, 256);
    private static final Transform AES_GCM_256 = new Transform(Transform.ENCRYPTION, 20, 256);
    private static final Transform SHA256 = new Transform(Transform.INTEGRITY, 12, 0);
    private static final Transform SHA512 = new Transform(Transform.INTEGRITY, 14, 0);
    private static final Transform NO_INTEGRITY = new Transform(Transform.INTEGRITY, 0, 0);
    private static final Transform PRF_SHA256 = new Transform(Transform.PRF, 5, 0);
    private static final Transform X25519 = new Transform(Transform.KEY_EXCHANGE, 31, 0);
    private static final Transform MODP_2048 = new Transform(Transform.KEY_EXCHANGE, 14, 0);
    private static final Transform NO_ESN = new Transform(Transform.SEQUENCE_NUMBERS, 0, 0);
    private static final Transform ESN = new Transform(Transform.SEQUENCE_NUMBERS, 1, 0);

    private static Proposal ike(int number, Transform... transforms) {
        return new Proposal(number, Proposal.IKE, new byte[0], List.of(transforms));
    }

    private static Proposal esp(int number, Transform... transforms) {
        return new Proposal(number, Proposal.ESP, new byte[] {1, 2, 3, (byte) number}, List.of(transforms));
    }

    @Test
    void theResponderPrefersItsOwnOrder() {
        Proposal offered = ike(1, AES_CBC_128, AES_CBC_256, SHA256, SHA512, PRF_SHA256, MODP_2048, X25519);
        Proposal configured = ike(1, AES_CBC_256, SHA512, SHA256, PRF_SHA256, X25519, MODP_2048);
        Proposal choice = ProposalSelection.choose(List.of(offered), List.of(configured), true);
        assertNotNull(choice);
        // RFC 7296 section 2.7: exactly one transform of each type
        assertEquals(List.of(AES_CBC_256, PRF_SHA256, SHA512, X25519), choice.transforms());
    }

    @Test
    void theChoiceKeepsNumberAndSpiOfTheOfferedProposal() {
        Proposal choice = ProposalSelection.choose(
                List.of(esp(1, AES_CBC_128, SHA256, NO_ESN), esp(2, AES_GCM_256, NO_ESN)),
                List.of(esp(1, AES_GCM_256, NO_ESN)),
                true);
        assertNotNull(choice);
        assertEquals(2, choice.number());
        assertEquals(2, choice.spi()[3]);
    }

    @Test
    void integrityNoneBesideAnAeadIsAccepted() {
        // RFC 7296 section 3.3.3: NONE may be offered explicitly with a combined mode
        Proposal choice = ProposalSelection.choose(
                List.of(ike(1, AES_GCM_256, NO_INTEGRITY, PRF_SHA256, X25519)),
                List.of(ike(1, AES_GCM_256, PRF_SHA256, X25519)),
                true);
        assertNotNull(choice);
        assertNotNull(IkeSuite.of(choice));
    }

    @Test
    void aKeyExchangeThatIsWantedMustBeOffered() {
        assertNull(ProposalSelection.choose(
                List.of(esp(1, AES_GCM_256, NO_ESN)), List.of(esp(1, AES_GCM_256, X25519, NO_ESN)), true));
        // RFC 7296 section 1.2: in IKE_AUTH there is none
        assertNotNull(ProposalSelection.choose(
                List.of(esp(1, AES_GCM_256, NO_ESN)), List.of(esp(1, AES_GCM_256, X25519, NO_ESN)), false));
    }

    @Test
    void aTransformWithAnUnknownAttributeIsNotChosen() {
        // RFC 7296 section 3.3.6
        Transform odd = new Transform(Transform.ENCRYPTION, 20, 256, false);
        assertNull(ProposalSelection.choose(
                List.of(ike(1, odd, PRF_SHA256, X25519)), List.of(ike(1, AES_GCM_256, PRF_SHA256, X25519)), true));
    }

    @Test
    void anUnknownTransformTypeMakesTheProposalUnacceptable() {
        Transform additional = new Transform(6, 36, 0);
        Transform none = new Transform(6, 0, 0);
        List<Proposal> configured = List.of(ike(1, AES_GCM_256, PRF_SHA256, X25519));
        assertNull(ProposalSelection.choose(
                List.of(ike(1, AES_GCM_256, PRF_SHA256, X25519, additional)), configured, true));
        assertNotNull(ProposalSelection.choose(
                List.of(ike(1, AES_GCM_256, PRF_SHA256, X25519, additional, none)), configured, true));
    }

    @Test
    void theInitiatorAcceptsOnlyWhatItOffered() {
        List<Proposal> offered = List.of(ike(1, AES_CBC_128, AES_CBC_256, SHA256, PRF_SHA256, X25519));
        assertNotNull(
                ProposalSelection.verify(offered, List.of(ike(1, AES_CBC_256, SHA256, PRF_SHA256, X25519)), true));
        assertNull(
                ProposalSelection.verify(offered, List.of(ike(1, AES_CBC_256, SHA256, PRF_SHA256, MODP_2048)), true));
        assertNull(ProposalSelection.verify(offered, List.of(ike(2, AES_CBC_256, SHA256, PRF_SHA256, X25519)), true));
        assertNull(
                ProposalSelection.verify(
                        offered, List.of(ike(1, AES_CBC_256, AES_CBC_128, SHA256, PRF_SHA256, X25519)), true),
                "two transforms of one type");
        assertNull(
                ProposalSelection.verify(offered, List.of(ike(1, AES_CBC_256, PRF_SHA256, X25519)), true),
                "integrity left out");
        assertNull(ProposalSelection.verify(
                offered,
                List.of(
                        ike(1, AES_CBC_256, SHA256, PRF_SHA256, X25519),
                        ike(1, AES_CBC_256, SHA256, PRF_SHA256, X25519)),
                true));
    }

    @Test
    void extendedSequenceNumbersFollowTheConfiguredOrder() {
        Proposal choice = ProposalSelection.choose(
                List.of(esp(1, AES_GCM_256, ESN, NO_ESN)), List.of(esp(1, AES_GCM_256, NO_ESN)), true);
        assertNotNull(choice);
        ChildSuite suite = ChildSuite.of(choice);
        assertNotNull(suite);
        assertEquals(false, suite.extendedSequenceNumbers());
    }

    @Test
    void suitesRefuseWhatDoesNotFit() {
        assertNull(IkeSuite.of(ike(1, AES_GCM_256, SHA256, PRF_SHA256, X25519)), "an AEAD with integrity");
        assertNull(IkeSuite.of(ike(1, AES_CBC_256, PRF_SHA256, X25519)), "CBC without integrity");
        assertNull(
                IkeSuite.of(ike(1, new Transform(Transform.ENCRYPTION, 11, 0), SHA256, PRF_SHA256, X25519)),
                "NULL encryption for IKE");
        assertNull(
                IkeSuite.of(ike(1, new Transform(Transform.ENCRYPTION, 20, 100), PRF_SHA256, X25519)), "a key length");
        IkeSuite suite = IkeSuite.of(ike(1, AES_CBC_128, SHA256, PRF_SHA256, MODP_2048));
        assertNotNull(suite);
        assertEquals("AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048", suite.listing());
    }

    @Test
    void anOfferIsNumberedFromOneAndCarriesTheSpi() {
        byte[] spi = {9, 9, 9, 9};
        List<Proposal> offer = ProposalSelection.offer(
                List.of(esp(7, AES_GCM_256, X25519, NO_ESN), esp(3, AES_CBC_128, SHA256, NO_ESN)), spi, false);
        assertEquals(1, offer.get(0).number());
        assertEquals(2, offer.get(1).number());
        assertEquals(spi, offer.get(0).spi());
        assertEquals(List.of(AES_GCM_256, NO_ESN), offer.get(0).transforms());
    }
}
