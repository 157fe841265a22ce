package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.wire.IsakmpPayload.VendorId;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Vendor IDs that stand for what a peer can do: IKEv1 has no other way to say so. */
final class VendorIds {
    /** MD5 of "RFC 3947" (RFC 3947 section 3.1). */
    static final VendorId NAT_T = of("4a131c81070358455c5728f20e95452f");

    /** MD5 of "draft-ietf-ipsec-nat-t-ike-03". */
    static final VendorId NAT_T_DRAFT_03 = of("7d9419a65310ca6f2c179d9215529d56");

    /** MD5 of "draft-ietf-ipsec-nat-t-ike-02", and with the newline that most peers hash too. */
    static final VendorId NAT_T_DRAFT_02 = of("cd60464335df21f87cfdb2fc68b6a448");

    static final VendorId NAT_T_DRAFT_02_NEWLINE = of("90cb80913ebb696e086381b5ec427b1f");

    /** RFC 3706 section 5.1, version 1.0. */
    static final VendorId DPD = of("afcad71368a1f1c96b8696fc77570100");

    /** draft-beaulieu-ike-xauth-02 section 2. */
    static final VendorId XAUTH = of("09002689dfd6b712");

    /** Cisco Unity, version 1.0. */
    static final VendorId CISCO_UNITY = of("12f5f28c457168a9702d9fe274cc0100");

    /** MD5 of "FRAGMENTATION"; peers append what they like. */
    static final VendorId FRAGMENTATION = of("4048b7d56ebce88525e7de7f00d6c2d3");

    /** The octets of Cisco Unity's ID that name the product; two of version follow. */
    private static final int UNITY_NAME = 14;

    private VendorIds() {}

    private static VendorId of(String hex) {
        return new VendorId(HexFormat.of().parseHex(hex));
    }

    /**
     * What a peer's vendor IDs say, gathered from all its messages.
     *
     * @param natT RFC 3947
     * @param natTDraft draft 02 or 03 of it
     */
    record Features(
            boolean natT, boolean natTDraft, boolean dpd, boolean xauth, boolean ciscoUnity, boolean fragmentation) {
        static final Features NONE = new Features(false, false, false, false, false, false);

        /** These, and what further vendor IDs say. */
        Features and(List<VendorId> ids) {
            Features all = this;
            for (VendorId id : ids) {
                all = new Features(
                        all.natT || id.equals(NAT_T),
                        all.natTDraft
                                || id.equals(NAT_T_DRAFT_03)
                                || id.equals(NAT_T_DRAFT_02)
                                || id.equals(NAT_T_DRAFT_02_NEWLINE),
                        all.dpd || id.equals(DPD),
                        all.xauth || id.equals(XAUTH),
                        all.ciscoUnity || beginsWith(id, CISCO_UNITY, UNITY_NAME),
                        all.fragmentation || beginsWith(id, FRAGMENTATION, FRAGMENTATION.data().length));
            }
            return all;
        }

        private static boolean beginsWith(VendorId id, VendorId known, int length) {
            return id.data().length >= length && Arrays.equals(id.data(), 0, length, known.data(), 0, length);
        }

        /** Whether NAT-T is spoken in any of its versions. */
        boolean anyNatT() {
            return natT || natTDraft;
        }

        /** Whether the drafts' numbers are to be used: only where the peer does not know the RFC's. */
        boolean draftNumbers() {
            return natTDraft && !natT;
        }
    }
}
