package dev.cardinal.hsm;

import java.util.Set;

/**
 * What a token was found to do by trying it, once, when it was opened.
 *
 * @param label the token's label
 * @param groups groups whose self-test passed, the leading-zero test included
 * @param signatures signature mechanisms on offer
 * @param hiddenSecret groups whose derivations keep {@code g^xy} on the token
 */
public record TokenProfile(
        String label,
        Set<KeyExchangeGroup> groups,
        Set<SignatureMechanism> signatures,
        Set<KeyExchangeGroup> hiddenSecret) {}
