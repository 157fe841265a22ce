package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.PasswordAttribute;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.Retransmission;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaNotice.CloseReason;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpPayload.Attributes;
import dev.cardinal.ike.wire.MalformedMessage;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Extended authentication (draft-beaulieu-ike-xauth-02), generic: after phase 1 one side asks the other for a user name and a
 * password. The ISAKMP SA is established only then.
 *
 * <pre>
 *   REQUEST(XAUTH_USER_NAME, XAUTH_USER_PASSWORD)  -->
 *                    <--  REPLY(XAUTH_USER_NAME = ..., XAUTH_USER_PASSWORD = ...)
 *   SET(XAUTH_STATUS)  -->
 *                    <--  ACK
 * </pre>
 *
 * There is one try: whoever wants another one runs phase 1 again.
 */
final class Xauth implements TransactionExchange.Asker {
    static final int TYPE = 16520;
    static final int USER_NAME = 16521;
    static final int USER_PASSWORD = 16522;
    static final int MESSAGE = 16524;
    static final int DOMAIN = 16526;
    static final int STATUS = 16527;

    /** Every attribute of the draft is one of these. */
    private static final int FIRST = TYPE;

    private static final int LAST = 16529;

    private static final int GENERIC = 0;
    private static final int FAIL = 0;
    private static final int OK = 1;

    /** Octets of a user name that is looked at. */
    private static final int NAME_LIMIT = 255;

    /** Octets of a password that is looked at. */
    private static final int PASSWORD_LIMIT = 1024;

    /** Questions that are answered: some ask for the name first, then for the password. */
    private static final int QUESTIONS_LIMIT = 3;

    private static final byte[] NOTHING = {};

    private final Ikev1Sa sa;
    private final XauthPolicy policy;
    private final Identification own;
    private final Identification remote;
    private final boolean initialContact;
    private final int identifier;
    private Step step;

    private sealed interface Step {}

    private record AwaitingReply() implements Step {}

    /** @param user who was asked; null where it did not prove itself */
    private record AwaitingAck(@Nullable Identification user) implements Step {}

    /** We are asked. @param questions that were answered */
    private record AwaitingStatus(int questions) implements Step {}

    private record Ended() implements Step {}

    private Xauth(Ikev1Sa sa, XauthPolicy policy, Identification own, Identification remote, boolean initialContact) {
        this.sa = sa;
        this.policy = policy;
        this.own = own;
        this.remote = remote;
        this.initialContact = initialContact;
        this.identifier = (int) sa.random(0x10000);
        this.step = switch (policy) {
            case XauthPolicy.Asking asking -> new AwaitingReply();
            case XauthPolicy.Answering answering -> new AwaitingStatus(0);
        };
    }

    /** Phase 1 has ended by a method that XAUTH follows. @param remote the peer's identity in phase 1 */
    static void begin(Ikev1Sa sa, Identification own, Identification remote, boolean initialContact) {
        XauthPolicy policy =
                Ikev1Sa.required(Ikev1Sa.required(sa.requirePolicy().ikev1()).xauth());
        Xauth xauth = new Xauth(sa, policy, own, remote, initialContact);
        sa.xauth = xauth;
        switch (policy) {
            case XauthPolicy.Asking asking ->
                xauth.ask(
                        Attributes.REQUEST,
                        List.of(IsakmpAttribute.of(USER_NAME, NOTHING), IsakmpAttribute.of(USER_PASSWORD, NOTHING)));
            case XauthPolicy.Answering answering -> {
                if (sa.initiator && sa.phase1.exchangeType == ExchangeType.AGGRESSIVE) {
                    // nothing but the question shows that the peer has our last message of phase 1
                    sa.phase1.retransmission =
                            new Retransmission(sa.phase1.sent(), sa.environment.settings(), sa.now());
                }
            }
        }
    }

    /** Whether a question is about XAUTH rather than Mode Config. */
    static boolean isAbout(Attributes question) {
        for (IsakmpAttribute attribute : question.attributes()) {
            if (attribute.type() >= FIRST && attribute.type() <= LAST) {
                return true;
            }
        }
        return false;
    }

    /** Whether the peer has proven itself and, for all we know, was told so. */
    boolean hasAccepted() {
        return step instanceof AwaitingAck told && told.user() != null;
    }

    private void ask(int type, List<IsakmpAttribute> attributes) {
        Attributes question = new Attributes(type, identifier, attributes);
        if (TransactionExchange.Initiator.begin(sa, question, this) == null) {
            sa.close(CloseReason.FAILED, "too many exchanges before XAUTH");
        }
    }

    // ------------------------------------------------------------------------------------------------ who asks

    @Override
    public void onAnswer(Attributes answer) {
        if (step instanceof AwaitingReply) {
            Identification user = verified(answer);
            step = new AwaitingAck(user);
            ask(Attributes.SET, List.of(IsakmpAttribute.of(STATUS, user == null ? FAIL : OK)));
        } else if (step instanceof AwaitingAck told) {
            step = new Ended();
            Identification user = told.user();
            if (user == null) {
                giveUp("the peer did not prove its user name");
            } else {
                sa.establish(own, user, initialContact);
            }
        }
    }

    /** The user that a reply names and whose password it holds; null, and the same work, for any other reply. */
    private @Nullable Identification verified(Attributes reply) {
        IsakmpAttribute name = only(reply, USER_NAME);
        IsakmpAttribute password = only(reply, USER_PASSWORD);
        String user = name == null ? "" : user(name.value());
        boolean wellFormed = password != null && password.value().length <= PASSWORD_LIMIT && !user.isEmpty();
        byte[] said = password == null ? NOTHING : Arrays.copyOf(password.value(), length(password.value()));
        Credentials credentials = sa.environment.credentials();
        boolean right;
        try (Secret given = Secret.owning(said);
                Secret known = credentials.xauthPassword(user)) {
            // whether there is such a user must not show in the time this takes
            try (Secret expected = known == null ? given.copy() : known.copy()) {
                right = given.matches(expected) & known != null & expected.length() > 0;
            }
        }
        boolean allowed =
                policy instanceof XauthPolicy.Asking asking && asking.users().matches(user);
        // a user name is no name that phase 1 can prove: the type keeps them apart
        Identification identity = new Identification(Identification.KEY_ID, user.getBytes(StandardCharsets.UTF_8));
        if (right && allowed && wellFormed && only(reply, STATUS) == null) {
            return identity;
        }
        sa.report(new SaNotice.AuthenticationFailed(sa.subject(), identity, "no such XAUTH user, or a wrong password"));
        return null;
    }

    /** The attribute of a type where there is exactly one, and it has the variable form. */
    private static @Nullable IsakmpAttribute only(Attributes attributes, int type) {
        IsakmpAttribute found = null;
        for (IsakmpAttribute attribute : attributes.attributes()) {
            if (attribute.type() == type) {
                if (found != null || attribute.basic()) {
                    return null;
                }
                found = attribute;
            }
        }
        return found;
    }

    /** A user name as text; empty where it is none. */
    private static String user(byte[] octets) {
        if (octets.length > NAME_LIMIT) {
            return "";
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(octets, 0, length(octets)))
                    .toString();
            return text.chars().anyMatch(Character::isISOControl) ? "" : text;
        } catch (CharacterCodingException e) {
            return "";
        }
    }

    /** Without the terminators that some peers append. */
    private static int length(byte[] octets) {
        int length = octets.length;
        while (length > 0 && octets[length - 1] == 0) {
            length--;
        }
        return length;
    }

    // ------------------------------------------------------------------------------------------------ who is asked

    /**
     * The peer asks for our user name and password.
     *
     * @throws MalformedMessage where it is not for it to ask
     */
    TransactionExchange.Answer onRequest(Attributes question) throws MalformedMessage {
        if (!(policy instanceof XauthPolicy.Answering answering) || !(step instanceof AwaitingStatus awaiting)) {
            throw new MalformedMessage("an XAUTH request that has no place here");
        }
        sa.phase1.retransmission = null;
        if (awaiting.questions() >= QUESTIONS_LIMIT) {
            return refusal("the peer asks again and again");
        }
        step = new AwaitingStatus(awaiting.questions() + 1);
        Set<Integer> asked = new LinkedHashSet<>();
        for (IsakmpAttribute attribute : question.attributes()) {
            asked.add(attribute.type());
            if (attribute.type() == TYPE && attribute.number() != GENERIC) {
                return refusal("the peer wants another kind of XAUTH than user name and password");
            }
        }
        return reply(answering.user(), asked);
    }

    private TransactionExchange.Answer reply(String user, Set<Integer> asked) {
        List<IsakmpAttribute> attributes = new ArrayList<>();
        byte[] password = NOTHING;
        for (int type : asked) {
            switch (type) {
                case USER_NAME -> attributes.add(IsakmpAttribute.of(USER_NAME, user.getBytes(StandardCharsets.UTF_8)));
                case USER_PASSWORD -> {
                    try (Secret secret = sa.environment.credentials().xauthPassword(user)) {
                        if (secret == null) {
                            return refusal("we have no password for our XAUTH user");
                        }
                        IsakmpAttribute attribute = PasswordAttribute.of(USER_PASSWORD, secret);
                        password = attribute.value();
                        attributes.add(attribute);
                    }
                }
                case TYPE -> attributes.add(IsakmpAttribute.of(TYPE, GENERIC));
                case MESSAGE, DOMAIN -> {
                    // a text for a person, and what only some servers know of
                }
                default -> {
                    if (type >= FIRST && type <= LAST) {
                        Arrays.fill(password, (byte) 0);
                        return refusal("the peer wants more than user name and password: XAUTH attribute " + type);
                    }
                }
            }
        }
        byte[] sent = password;
        return new TransactionExchange.Answer(attributes, () -> Arrays.fill(sent, (byte) 0));
    }

    /** Section 7: who cannot answer says so; the SA ends with it. */
    private TransactionExchange.Answer refusal(String why) {
        return new TransactionExchange.Answer(List.of(IsakmpAttribute.of(STATUS, FAIL)), () -> {
            step = new Ended();
            sa.report(new SaNotice.AuthenticationFailed(sa.subject(), remote, why));
            giveUp(why);
        });
    }

    /**
     * The peer tells how it ended.
     *
     * @throws MalformedMessage where it is not for it to tell
     */
    TransactionExchange.Answer onStatus(Attributes told) throws MalformedMessage {
        IsakmpAttribute status = told.attribute(STATUS);
        if (!(step instanceof AwaitingStatus) || status == null) {
            throw new MalformedMessage("an XAUTH status that has no place here");
        }
        sa.phase1.retransmission = null;
        boolean accepted = status.number() == OK;
        return new TransactionExchange.Answer(List.of(IsakmpAttribute.of(STATUS, NOTHING)), () -> {
            step = new Ended();
            if (accepted) {
                sa.establish(own, remote, initialContact);
            } else {
                String why = "the peer takes neither our XAUTH user nor its password";
                sa.report(new SaNotice.AuthenticationFailed(sa.subject(), remote, why));
                giveUp(why);
            }
        });
    }

    private void giveUp(String why) {
        Informational.deleteIsakmp(sa);
        sa.close(CloseReason.FAILED, why);
    }
}
