package dev.cardinal.ike.loop;

/**
 * Prints what an established IKE SA with one Child SA keeps, by class, for either side, and what a handshake allocates on
 * the gateway's loop. Arguments: the number of SAs, and the proof.
 */
final class Footprint {
    private static final int WARM_UP = 500;

    private Footprint() {}

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        ManySas.Proof proof = ManySas.Proof.valueOf(arguments[1]);
        try (ManySas sas = new ManySas(proof, count + WARM_UP)) {
            sas.establish(WARM_UP);
            HeapHistogram begun = HeapHistogram.take();
            long allocated = sas.gatewayAllocations();
            sas.establish(count);
            System.out.printf(
                    "%8.0f octets allocated by the gateway's loop, each%n",
                    (double) (sas.gatewayAllocations() - allocated) / count);
            HeapHistogram both = HeapHistogram.take();
            sas.forgetClients();
            HeapHistogram gateway = HeapHistogram.take();
            sas.forgetGateway();
            HeapHistogram none = HeapHistogram.take();
            System.out.print(
                    "both sides:" + System.lineSeparator() + both.since(begun).perThing(count));
            System.out.print(
                    "gateway:" + System.lineSeparator() + gateway.since(none).perThing(count + WARM_UP));
            System.out.print(
                    "client:" + System.lineSeparator() + both.since(gateway).perThing(count + WARM_UP));
        }
    }
}
