package dev.cardinal.ike.interop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One row of the table: where the two ends are, who begins, what they agree on, and what happens once they have. Built
 * once, then only read.
 */
final class InteropCase {

    /** Who sends the first message, and who takes a step. */
    enum By {
        OURS,
        THEIRS
    }

    /** A laboratory with a strongSwan in it. */
    enum Place {
        /** Direct link, strongSwan with userland ESP: port 4500 and Child SAs. */
        DIRECT,
        /** Direct link over IPv6. */
        DIRECT_IPV6,
        /** Direct link, strongSwan with its kernel back end: port 500, childless. */
        KERNEL,
        /** Direct link, a strongSwan that asks for cookies at once. */
        COOKIES,
        /** Direct link, a strongSwan whose private keys are on the crypto card. */
        THEIR_CARD,
        /** strongSwan behind the masquerading box. */
        NAT_THEIRS,
        /** We behind the masquerading box. */
        NAT_OURS;

        /** Which host of the laboratory is ours. */
        boolean oursIsLeft() {
            return switch (this) {
                case DIRECT, DIRECT_IPV6, KERNEL, COOKIES, THEIR_CARD, NAT_THEIRS -> true;
                case NAT_OURS -> false;
            };
        }
    }

    /** What happens before the first message; files may be made in the folder. */
    @FunctionalInterface
    interface Preparation {
        void run(Lab lab, Path folder);
    }

    /** What happens once the SAs stand; assertion errors end it. */
    @FunctionalInterface
    interface Step {
        void run(InteropRun run);
    }

    private static final String AGGRESSIVE_PSK = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes";
    static final String SECRET = "a secret of both ends";

    final String name;
    final By initiator;
    final Authentication authentication;
    Place place = Place.DIRECT;
    int version = 2;
    boolean aggressive;
    Authentication.Key key;
    String ike = "aes256-sha256-x25519";
    String ikeSuite = "AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519";
    String esp = "aes256-sha256";
    String espSuite = "AES_CBC-256/HMAC_SHA2_256_128";
    final List<String> ourConnection = new ArrayList<>();
    final List<String> ourChild = new ArrayList<>();
    final List<String> ourSettings = new ArrayList<>();
    final List<String> theirConnection = new ArrayList<>();
    final List<String> theirChild = new ArrayList<>();
    final List<String> theirSettings = new ArrayList<>();
    Preparation before = (lab, folder) -> {};
    Step step = run -> {};
    /** Whether our keys are on the crypto card rather than on SoftHSM. */
    boolean ourCard;
    /** Whether both ends have a second Child SA to establish, {@code second}. */
    boolean second;
    /** Whether both ends tell of their keys. */
    boolean keysTold;
    /** Who strongSwan says it is. */
    String theirIdentity = "b.test";
    /** The pre-shared key that strongSwan has. */
    String theirSecret = SECRET;
    /** The line of our log that says why nothing may come of it; null where SAs are to stand. */
    @Nullable
    Pattern refusal;
    /** The UDP port of a childless SA's ends. */
    int port = 500;
    /** Whether the step leaves the IKE SA standing, to be deleted by us at the end. */
    boolean standing = true;

    InteropCase(String name, By initiator, Authentication authentication) {
        this.name = name;
        this.initiator = initiator;
        this.authentication = authentication;
        this.key = authentication.key();
        if (!authentication.strongswanSettings().isEmpty()) {
            theirSettings.add(authentication.strongswanSettings());
        }
    }

    InteropCase at(Place where) {
        place = where;
        return this;
    }

    /** Our keys are on the crypto card. */
    InteropCase onOurCard() {
        ourCard = true;
        return this;
    }

    /** Both ends speak IKEv1, in main mode; RFC 2409 knows no X25519. */
    InteropCase ikev1() {
        version = 1;
        return ike("aes256-sha256-modp2048", "AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048");
    }

    /** Both ends speak IKEv1, in aggressive mode, and answer it with a pre-shared key too. */
    InteropCase aggressive() {
        aggressive = true;
        ourSettings(AGGRESSIVE_PSK);
        theirSettings(AGGRESSIVE_PSK);
        return ikev1();
    }

    /** There is a second Child SA, which the step establishes. */
    InteropCase second() {
        second = true;
        return this;
    }

    /** Both ends tell of their keys, for the step to compare. */
    InteropCase keysTold() {
        keysTold = true;
        return theirSettings("filelog { main { ike = 4", "chd = 4 } }");
    }

    InteropCase theirIdentity(String identity) {
        theirIdentity = identity;
        return this;
    }

    InteropCase theirSecret(String secret) {
        theirSecret = secret;
        return this;
    }

    /** Nothing comes of it, and our log says why. */
    InteropCase refused(String ourLog) {
        refusal = Pattern.compile(ourLog);
        return ends();
    }

    /** UDP port of a childless SA's ends, where it is not 500. */
    InteropCase port(int which) {
        port = which;
        return this;
    }

    InteropCase key(Authentication.Key which) {
        key = which;
        return this;
    }

    /** The IKE proposal of both ends and how strongSwan lists it. */
    InteropCase ike(String proposal, String suite) {
        ike = proposal;
        ikeSuite = suite;
        return this;
    }

    /** The ESP proposal of both ends and how strongSwan lists the first Child SA, which has no key exchange of its own. */
    InteropCase esp(String proposal, String suite) {
        esp = proposal;
        espSuite = suite;
        return this;
    }

    InteropCase ourConnection(String... lines) {
        ourConnection.addAll(List.of(lines));
        return this;
    }

    InteropCase ourChild(String... lines) {
        ourChild.addAll(List.of(lines));
        return this;
    }

    InteropCase ourSettings(String... lines) {
        ourSettings.addAll(List.of(lines));
        return this;
    }

    InteropCase theirConnection(String... lines) {
        theirConnection.addAll(List.of(lines));
        return this;
    }

    InteropCase theirChild(String... lines) {
        theirChild.addAll(List.of(lines));
        return this;
    }

    InteropCase theirSettings(String... lines) {
        theirSettings.addAll(List.of(lines));
        return this;
    }

    /** What happens before the first message. */
    InteropCase before(Preparation what) {
        before = what;
        return this;
    }

    InteropCase step(Step what) {
        step = what;
        return this;
    }

    /** The step ends the IKE SA itself. */
    InteropCase ends() {
        standing = false;
        return this;
    }

    boolean childless() {
        return place == Place.KERNEL;
    }
}
