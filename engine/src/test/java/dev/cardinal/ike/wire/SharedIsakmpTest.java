package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.vectors.Capture;
import dev.cardinal.ike.vectors.Json;
import dev.cardinal.ike.vectors.SharedVectors;
import dev.cardinal.ike.vectors.TarGz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** IKEv1 of other implementations, where a checkout has captures and messages beside it. */
class SharedIsakmpTest {
    @Test
    void captures() {
        Tally tally = new Tally("IKEv1 captures");
        SharedVectors.file("pcap/index.json").ifPresent(index -> {
            for (Json entry : Json.read(index).get("files").elements()) {
                String name = entry.get("file").text();
                for (byte[] message : Capture.ikeMessages(index.resolveSibling(name))) {
                    tally.message(name, message);
                }
            }
        });
        tally.expect(
                List.of(
                        // length fields that are not the datagram's
                        "tcpdump-ikev1_id_ipv6_addr_subnet-oobr.pcap",
                        "tcpdump-isakmp-delete-segfault.pcap",
                        "tcpdump-isakmp-no-none-np.pcapng",
                        "tcpdump-isakmp-pointer-loop.pcap",
                        "zeek-ipsec-ikev1-zero-length.pcap"),
                List.of());
    }

    @Test
    void plaintextsOfCaptures() {
        Tally tally = new Tally("IKEv1 plaintexts of captures");
        Optional<Path> keys = SharedVectors.file("pcap/keys.json");
        keys.ifPresent(file -> Json.read(file).members().forEach((name, session) -> {
            if (session.isObject() && session.find("version").map(Json::number).orElse(0) == 1) {
                List<byte[]> messages = Capture.ikeMessages(file.resolveSibling(name));
                for (Json message : session.get("messages").elements()) {
                    byte[] octets = messages.get(message.get("packet").number());
                    // a retransmission has none of its own
                    message.find("plaintext").ifPresent(plaintext -> tally.plaintext(name, octets, plaintext.bytes()));
                }
            }
        }));
        tally.expect(List.of(), List.of());
    }

    @Test
    void openswanMessages() {
        Tally tally = new Tally("Openswan's IKEv1 messages");
        SharedVectors.file("messages/openswan-messages.json").ifPresent(file -> {
            for (Json message : Json.read(file).get("messages").elements()) {
                String name =
                        message.get("test").text() + "/" + message.get("file").text();
                tally.message(name, message.get("hex").bytes());
            }
        });
        tally.expect(List.of(), List.of());
    }

    @Test
    void recordedSessions() {
        Tally tally = new Tally("recorded IKEv1 sessions");
        SharedVectors.file("messages/rub-ikev1-psk-sessions.json").ifPresent(file -> {
            for (Json session : Json.read(file).get("sessions").elements()) {
                for (Json message : session.get("messages").elements()) {
                    byte[] octets = message.get("hex").bytes();
                    String name = session.get("name").text();
                    tally.message(name, octets);
                    message.find("plaintext").ifPresent(plaintext -> {
                        IsakmpMessage opened = tally.plaintext(name, octets, plaintext.bytes());
                        assertEquals(
                                message.get("payloads").elements().stream()
                                        .map(Json::number)
                                        .toList(),
                                opened.bodies().stream().map(IsakmpBody::type).toList());
                    });
                }
            }
        });
        tally.expect(List.of(), List.of());
    }

    @Test
    void otherMessages() throws IOException {
        Tally tally = new Tally("other IKEv1 messages");
        SharedVectors.file("messages/rusticata-messages.json").ifPresent(file -> {
            for (Json message : Json.read(file).get("messages").elements()) {
                tally.message("rusticata", message.get("hex").bytes());
            }
        });
        for (Path file : SharedVectors.files("messages/ike-scan")) {
            byte[] octets = Files.readAllBytes(file);
            tally.message(
                    file.getFileName().toString(), Capture.withoutMarker(octets).orElse(octets));
        }
        tally.expect(
                // ike-scan told to fill the reserved octets (--mbz), to see who minds
                List.of("pkt-custom-proposal.dat"),
                // DOI 0, where we would send that of IPsec
                List.of("pkt-notify-response.dat 11"));
    }

    /** Certificates, CRLs and identities are no payloads; broken as they are, they make good hostile bodies. */
    @Test
    void corporaAsBodiesOfEveryPayload() {
        int files = 0;
        int values = 0;
        for (Path archive : SharedVectors.files("corpora")) {
            if (!archive.toString().endsWith(".tar.gz")) {
                continue;
            }
            for (byte[] content : TarGz.read(archive).values()) {
                files++;
                byte[] body = Arrays.copyOf(content, Math.min(content.length, 65531));
                for (IsakmpPayloadType type : IsakmpPayloadType.values()) {
                    Canonical.checkIsakmpChain(type.number(), content);
                    byte[] chain = IsakmpCodec.encodeChain(List.of(new IsakmpBody(type.number(), body)));
                    if (Canonical.checkIsakmpChain(type.number(), chain)) {
                        values++;
                    }
                }
            }
        }
        System.out.println("corpora: " + files + " files as payloads of IKEv1, " + values + " values");
        assertEquals(SharedVectors.folder().isPresent(), values > 0);
    }

    /** Every message gives values or {@link MalformedMessage}; which of them is counted. */
    private static final class Tally {
        private final String name;
        private final Map<String, String> refused = new TreeMap<>();
        private final Set<String> changed = new TreeSet<>();
        private int open;
        private int encrypted;
        private int padded;
        private int bodies;
        private int otherVersions;

        Tally(String name) {
            this.name = name;
        }

        void message(String origin, byte[] octets) {
            try {
                IkeHeader header = MessageCodec.decodeHeader(octets);
                if (header.majorVersion() != 1) {
                    otherVersions++;
                    return;
                }
                if ((header.flags() & IsakmpCodec.FLAG_ENCRYPTION) != 0) {
                    encrypted++;
                    return;
                }
                IsakmpMessage message = IsakmpCodec.decode(header, octets);
                open++;
                decodeBodies(origin, message);
                Canonical.checkIsakmpMessage(octets);
                if (message.chain().length + IkeHeader.LENGTH < octets.length) {
                    padded++;
                } else {
                    assertArrayEquals(octets, IsakmpCodec.encode(header, message.bodies()), origin);
                }
            } catch (MalformedMessage e) {
                refused.put(origin, e.getMessage());
            }
        }

        /** What was decrypted of a message. */
        IsakmpMessage plaintext(String origin, byte[] octets, byte[] plaintext) {
            try {
                IsakmpMessage message = IsakmpCodec.split(MessageCodec.decodeHeader(octets), plaintext);
                open++;
                decodeBodies(origin, message);
                assertArrayEquals(Arrays.copyOf(plaintext, message.chain().length), message.chain(), origin);
                assertArrayEquals(message.chain(), IsakmpCodec.encodeChain(message.bodies()), origin);
                padded += message.chain().length < plaintext.length ? 1 : 0;
                return message;
            } catch (MalformedMessage e) {
                throw new AssertionError(origin, e);
            }
        }

        private void decodeBodies(String origin, IsakmpMessage message) throws MalformedMessage {
            for (IsakmpBody body : message.bodies()) {
                bodies++;
                if (!body.equals(IsakmpBody.of(body.decode()))) {
                    changed.add(origin + " " + body.type());
                }
            }
        }

        /**
         * Prints the counts.
         *
         * @param malformed what is refused, and nothing else
         * @param uncanonical which payloads we would write otherwise, and no others
         */
        void expect(List<String> malformed, List<String> uncanonical) {
            System.out.println(name + ": " + open + " open (" + padded + " padded), " + bodies + " payloads, "
                    + encrypted
                    + " encrypted, " + otherVersions + " of other versions, " + refused.size() + " refused " + refused
                    + ", written otherwise " + changed);
            if (SharedVectors.folder().isPresent()) {
                assertEquals(Set.copyOf(malformed), refused.keySet());
                assertEquals(Set.copyOf(uncanonical), changed);
                assertTrue(open > 0, "open messages");
            }
        }
    }
}
