package dev.cardinal.hsm;

import java.util.Set;

/**
 * What a token was found to do by trying it, once, when it was opened.
 *
 * @param label the token's label
 * @param groups groups whose self-test passed, the leading-zero test included
 * @param signatures signature mechanisms on offer
 * @param verifications signatures of other people's keys that it verifies, see {@link HsmRequest.Verify}. Empty for tokens
 *     without batches of version 1.1: an object for each such key would cost more than a verification on the host
 * @param hiddenSecret groups whose derivations keep {@code g^xy} on the token
 */
public record TokenProfile(
        String label,
        Set<KeyExchangeGroup> groups,
        Set<SignatureMechanism> signatures,
        Set<SignatureMechanism> verifications,
        Set<KeyExchangeGroup> hiddenSecret) {}
