package dev.cardinal.ike.sim;

import dev.cardinal.ike.ikev2.Ikev2Sa;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaEnvironment;
import org.jspecify.annotations.Nullable;

/** Makes the IKE SAs of a simulated host. */
interface SaFactory {
    SaFactory IKEV2 = new SaFactory() {
        @Override
        public IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
            return Ikev2Sa.initiator(policy, child, path, environment);
        }

        @Override
        public IkeSa responder(Path path, SaEnvironment environment) {
            return Ikev2Sa.responder(path, environment);
        }
    };

    IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment);

    IkeSa responder(Path path, SaEnvironment environment);
}
