package dev.cardinal.ike.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import org.junit.jupiter.api.Test;

/** Captures and messages of other implementations, where a checkout has them beside it. */
class SharedMessagesTest {
    @Test
    void captures() {
        Optional<Path> index = SharedVectors.file("pcap/index.json");
        if (index.isEmpty()) {
            System.out.println("captures: 0");
            return;
        }
        Tally tally = new Tally("captures");
        for (Json entry : Json.read(index.get()).get("files").elements()) {
            String name = entry.get("file").text();
            List<byte[]> messages = Capture.ikeMessages(index.get().resolveSibling(name));
            assertEquals(entry.get("ikeMessages").number(), messages.size(), name);
            for (byte[] message : messages) {
                tally.message(name, message);
            }
        }
        tally.expectRefused(
                "tcpdump-isakmp-delete-segfault.pcap",
                "tcpdump-isakmp-pointer-loop.pcap",
                "tcpdump-ikev1_id_ipv6_addr_subnet-oobr.pcap",
                "tcpdump-ikev2-id-normal.pcap",
                "tcpdump-isakmp-no-none-np.pcapng",
                "zeek-ipsec-ikev1-zero-length.pcap");
    }

    @Test
    void plaintextsOfCaptures() {
        Tally tally = new Tally("plaintexts of captures");
        SharedVectors.file("pcap/keys.json")
                .ifPresent(file -> Json.read(file).members().forEach((name, keys) -> {
                    if (keys.isObject()
                            && keys.find("version").map(Json::number).orElse(0) == 2) {
                        keys.get("messages").elements().forEach(message -> tally.plaintext(name, message));
                    }
                }));
        tally.expectRefused();
    }

    @Test
    void openswanMessages() {
        Tally tally = new Tally("Openswan messages");
        SharedVectors.file("messages/openswan-messages.json").ifPresent(file -> {
            for (Json message : Json.read(file).get("messages").elements()) {
                String name =
                        message.get("test").text() + "/" + message.get("file").text();
                tally.message(name, message.get("hex").bytes());
                if (message.get("version").number() == 2) {
                    message.find("decrypt").ifPresent(decrypted -> tally.plaintext(name, decrypted));
                }
            }
        });
        tally.expectRefused(
                // two octets after the last payload; a nonce of two octets
                "lp08-parentR1/parentR1notify.pcap", "lp88-rekeyv2-inval-R1/rekeyCI1.pcap plaintext");
    }

    @Test
    void otherMessages() throws IOException, MalformedMessage {
        Tally tally = new Tally("other messages");
        SharedVectors.file("messages/rusticata-messages.json").ifPresent(file -> {
            for (Json message : Json.read(file).get("messages").elements()) {
                tally.message("rusticata", message.get("hex").bytes());
            }
        });
        SharedVectors.file("messages/rub-ikev1-psk-sessions.json").ifPresent(file -> {
            for (Json session : Json.read(file).get("sessions").elements()) {
                for (Json message : session.get("messages").elements()) {
                    tally.message("rub", message.get("hex").bytes());
                }
            }
        });
        for (Path file : SharedVectors.files("messages/ike-scan")) {
            byte[] octets = Files.readAllBytes(file);
            tally.message(
                    file.getFileName().toString(), Capture.withoutMarker(octets).orElse(octets));
        }
        Optional<Path> psk = SharedVectors.file("messages/aosp-ikev2-psk-exchange.json");
        if (psk.isPresent()) {
            Json exchange = Json.read(psk.get());
            assertTrue(tally.message("aosp", exchange.get("ikeSaInitRequest").bytes()));
            assertTrue(tally.message("aosp", exchange.get("ikeAuthRequest").bytes()));
            byte[] padded = exchange.get("ikeAuthPlaintext").bytes();
            byte[] plaintext = Arrays.copyOf(padded, padded.length - 1 - padded[padded.length - 1]);
            List<Payload> inner = MessageCodec.decodePayloads(35, plaintext);
            assertArrayEquals(plaintext, MessageCodec.encodePayloads(inner));
            Identification id = ((Payload.IdentificationInitiator) inner.getFirst()).id();
            assertArrayEquals(exchange.get("idInitiatorBody").bytes(), MessageCodec.encodeIdentificationBody(id));
        }
        tally.expectRefused();
    }

    @Test
    void openikedArraysAndEveryMutationOfThem() {
        Optional<Path> file = SharedVectors.file("messages/openiked-parser-arrays.json");
        Map<String, Integer> types = new TreeMap<>(Map.ofEntries(
                Map.entry("saxform_pld", 33),
                Map.entry("ke_pld", 34),
                Map.entry("id_pld", 35),
                Map.entry("cert_pld", 37),
                Map.entry("certreq_pld", 38),
                Map.entry("auth_pld", 39),
                Map.entry("nonce_pld", 40),
                Map.entry("notify_pld", 41),
                Map.entry("delete_pld", 42),
                Map.entry("vendor_pld", 43),
                Map.entry("ts_pld", 44),
                Map.entry("sk_pld", 46),
                Map.entry("cp_pld", 47),
                Map.entry("eap_pld", 48),
                Map.entry("skf_1of1_pld", 53)));
        Tally tally = new Tally("openiked arrays");
        int mutations = 0;
        if (file.isPresent()) {
            Json arrays = Json.read(file.get()).get("arrays");
            assertTrue(Canonical.checkMessage(arrays.get("valid_packet").bytes()), "valid_packet");
            for (Map.Entry<String, Integer> type : types.entrySet()) {
                byte[] octets = arrays.get(type.getKey()).bytes();
                tally.chain(type.getKey(), type.getValue(), octets);
                for (int at = 0; at < octets.length; at++) {
                    for (int flip = 1; flip < 256; flip++) {
                        byte[] changed = octets.clone();
                        changed[at] ^= (byte) flip;
                        Canonical.checkChain(type.getValue(), changed);
                        mutations++;
                    }
                }
            }
        }
        tally.expectRefused(
                // octets after the last payload, twice; an SPI in the IKE SA's delete; an EAP length not the payload's
                "cert_pld", "notify_pld", "delete_pld", "eap_pld");
        System.out.println("openiked mutations: " + mutations);
    }

    /** Certificates, CRLs and identities are no messages; broken as they are, they make good hostile bodies. */
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
                Canonical.checkMessage(content);
                for (PayloadType type : PayloadType.values()) {
                    if (Canonical.checkChain(type.number(), content)) {
                        values++;
                    }
                    if (Canonical.checkChain(type.number(), asPayload(content))) {
                        values++;
                    }
                }
            }
        }
        System.out.println("corpora: " + files + " files as payloads, " + values + " values");
        assertEquals(SharedVectors.folder().isPresent(), files > 0);
    }

    private static byte[] asPayload(byte[] content) {
        int length = Math.min(content.length, 65531);
        return new PayloadWriter()
                .u16(0)
                .u16(length + 4)
                .bytes(Arrays.copyOf(content, length))
                .toByteArray();
    }

    /** Every message gives a value or {@link MalformedMessage}; which of them is counted. */
    private static final class Tally {
        private final String name;
        private final Map<String, String> refused = new TreeMap<>();
        private int values;
        private int canonical;
        private int ikev1;
        private int headersRefused;

        Tally(String name) {
            this.name = name;
        }

        boolean message(String origin, byte[] octets) {
            IkeHeader header;
            try {
                header = MessageCodec.decodeHeader(octets);
            } catch (MalformedMessage e) {
                headersRefused++;
                refused.put(origin, e.getMessage());
                assertThrows(MalformedMessage.class, () -> MessageCodec.decode(octets));
                return false;
            }
            if (header.majorVersion() != 2) {
                ikev1++;
                assertThrows(MalformedMessage.class, () -> MessageCodec.decode(octets));
                return true;
            }
            try {
                IkeMessage message = MessageCodec.decode(octets);
                values++;
                Canonical.checkMessage(octets);
                if (Arrays.equals(octets, MessageCodec.encode(header, message.payloads()))) {
                    canonical++;
                }
                return true;
            } catch (MalformedMessage e) {
                refused.put(origin, e.getMessage());
                return false;
            }
        }

        /** A chain; where it is one of an encrypted payload, in a message. */
        void chain(String origin, int first, byte[] octets) {
            PayloadType type = PayloadType.of(first);
            if (type == PayloadType.ENCRYPTED || type == PayloadType.ENCRYPTED_FRAGMENT) {
                PayloadWriter whole = new PayloadWriter()
                        .u64(1)
                        .u64(2)
                        .u8(first)
                        .u8(0x20)
                        .u8(35)
                        .u8(8)
                        .u32(1);
                message(
                        origin,
                        whole.u32(IkeHeader.LENGTH + octets.length)
                                .bytes(octets)
                                .toByteArray());
                return;
            }
            try {
                List<Payload> payloads = MessageCodec.decodePayloads(first, octets);
                values++;
                Canonical.checkChain(first, octets);
                if (Arrays.equals(octets, MessageCodec.encodePayloads(payloads))) {
                    canonical++;
                }
            } catch (MalformedMessage e) {
                refused.put(origin, e.getMessage());
            }
        }

        void plaintext(String origin, Json message) {
            List<Json> types = message.get("payloadTypes").elements();
            int first = types.isEmpty() ? PayloadType.NONE : types.getFirst().number();
            byte[] octets = message.get("plaintext").bytes();
            try {
                List<Payload> payloads = MessageCodec.decodePayloads(first, octets);
                values++;
                assertEquals(
                        types.stream().map(Json::number).toList(),
                        payloads.stream().map(Payload::payloadType).toList());
                Canonical.checkChain(first, octets);
                if (Arrays.equals(octets, MessageCodec.encodePayloads(payloads))) {
                    canonical++;
                }
            } catch (MalformedMessage e) {
                refused.put(origin + " plaintext", e.getMessage());
            }
        }

        /** Prints the counts. @param names what is refused, and nothing else */
        void expectRefused(String... names) {
            System.out.println(
                    name + ": " + values + " values (" + canonical + " canonical), " + ikev1 + " of other versions, "
                            + refused.size() + " refused (" + headersRefused + " by their header) " + refused);
            if (SharedVectors.folder().isPresent()) {
                assertEquals(Set.of(names), refused.keySet());
                assertTrue(values > 0, "values");
            }
        }
    }
}
