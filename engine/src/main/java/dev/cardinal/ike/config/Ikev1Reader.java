package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.Ikev1Policy.RsaEncryptionCompatibility;
import dev.cardinal.ike.sa.UserPattern;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a connection says of IKEv1. */
final class Ikev1Reader {
    private final SectionReader section;
    private final SwanctlConf.Surroundings around;
    /** The connection's {@code version}. */
    private final int version;

    Ikev1Reader(SectionReader section, SwanctlConf.Surroundings around, int version) {
        this.section = section;
        this.around = around;
        this.version = version;
    }

    /** @return null where the connection does not speak IKEv1 */
    @Nullable
    Ikev1Policy read(List<Proposal> proposals, RoundReader.Side ours, RoundReader.Side theirs) {
        boolean aggressive = section.bool("aggressive", false);
        RsaEncryptionCompatibility compatibility = section.choice(
                "rsa_encr_compat",
                ConnectionReader.choices(
                        "rfc", RsaEncryptionCompatibility.RFC,
                        "cisco", RsaEncryptionCompatibility.CISCO,
                        "auto", RsaEncryptionCompatibility.AUTO),
                RsaEncryptionCompatibility.RFC);
        XauthPolicy xauth = xauth(ours, theirs);
        AuthPolicy.Method method = ours.policy().method();
        if (version == 2) {
            if (aggressive) {
                section.error("aggressive", "only with version = 1");
            }
            if (section.text("rsa_encr_compat") != null) {
                section.error("rsa_encr_compat", "only with version = 1");
            }
            return null;
        }
        List<Proposal> understood = proposals(proposals);
        boolean oneMethod = method == theirs.policy().method();
        if (version == 1) {
            if (understood.isEmpty() && !proposals.isEmpty()) {
                section.error("proposals", "nothing for IKEv1: it has CBC ciphers, HMAC hashes and groups, no AEADs");
            }
            if (!oneMethod) {
                section.error("IKEv1 authenticates both sides by one method");
            }
        }
        if (understood.isEmpty() || !oneMethod) {
            return null;
        }
        boolean guessable = aggressive && method == AuthPolicy.Method.PSK;
        boolean answered = aggressive && (!guessable || around.cardinal().aggressivePsk());
        if (guessable) {
            section.warn(
                    "aggressive",
                    "Aggressive Mode with a pre-shared key: whoever listens, or only asks, can guess the key off line"
                            + (answered
                                    ? ""
                                    : "; not answered, only initiated (cardinal.conf: i_dont_care_about_security_and_use_aggressive_mode_psk)"));
        }
        return new Ikev1Policy(understood, aggressive, answered, compatibility, xauth);
    }

    private @Nullable XauthPolicy xauth(RoundReader.Side ours, RoundReader.Side theirs) {
        RoundReader.Xauth us = ours.xauth();
        RoundReader.Xauth them = theirs.xauth();
        if (us != null && them != null) {
            them.section().error("xauth on both sides: one side asks, the other answers");
        }
        if (us != null) {
            String user = us.user();
            if (user == null && ours.policy().id().exact() != null) {
                user = IdentityText.format(ours.policy().id().exact());
            }
            if (user == null || user.isEmpty() || user.startsWith("*") || user.equals("%any")) {
                us.section().error("xauth_id is missing: our user name, else taken from id");
                return null;
            }
            return new XauthPolicy.Answering(user);
        }
        return them == null
                ? null
                : new XauthPolicy.Asking(UserPattern.of(them.user() == null ? "" : String.valueOf(them.user())));
    }

    /** What IKEv1 has words for, of each proposal; those that have no cipher, hash or group left are left out. */
    private static List<Proposal> proposals(List<Proposal> proposals) {
        List<Proposal> understood = new ArrayList<>();
        for (Proposal proposal : proposals) {
            List<Transform> ciphers = new ArrayList<>();
            List<Transform> hashes = new ArrayList<>();
            Set<Transform> functions = new LinkedHashSet<>();
            List<Transform> groups = new ArrayList<>();
            for (Transform transform : proposal.transforms()) {
                switch (transform.type()) {
                    case Transform.ENCRYPTION -> {
                        if (isCipher(transform.id())) {
                            ciphers.add(transform);
                        }
                    }
                    case Transform.INTEGRITY -> {
                        PseudorandomFunction function =
                                isHash(transform.id()) ? ProposalKeywords.follows(transform.id()) : null;
                        if (function != null) {
                            hashes.add(transform);
                            functions.add(function.transform());
                        }
                    }
                    case Transform.KEY_EXCHANGE -> groups.add(transform);
                    default -> {
                        // a pseudorandom function of its own is not negotiated: it is the hash's (RFC 2409 section 4)
                    }
                }
            }
            if (!ciphers.isEmpty() && !hashes.isEmpty() && !groups.isEmpty()) {
                List<Transform> all = new ArrayList<>(ciphers);
                all.addAll(hashes);
                all.addAll(functions);
                all.addAll(groups);
                understood.add(new Proposal(understood.size() + 1, Proposal.IKE, new byte[0], all));
            }
        }
        return understood;
    }

    private static boolean isCipher(int id) {
        EncryptionAlgorithm cipher = EncryptionAlgorithm.of(id);
        return cipher != null
                && !cipher.isAead()
                && cipher != EncryptionAlgorithm.AES_CTR
                && cipher != EncryptionAlgorithm.NULL;
    }

    private static boolean isHash(int id) {
        IntegrityAlgorithm integrity = IntegrityAlgorithm.of(id);
        return integrity != null
                && integrity != IntegrityAlgorithm.AES_XCBC_96
                && integrity != IntegrityAlgorithm.AES_CMAC_96;
    }
}
