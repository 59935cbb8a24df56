package org.cosellbridge.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessSettingsTest {
    static final String HASH = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    private static final String TAIL = "$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

    @Test
    void readsUsersInOrder() {
        Configuration configuration = users(
                "alice:admin:" + HASH + " , bob:operator:$2y$12" + TAIL + ",eve@x.org:auditor:$2b$15" + TAIL + ",");

        AccessSettings settings = new AccessSettings(configuration);

        assertThat(configuration.faults()).isEmpty();
        assertThat(settings.users())
                .extracting(User::toString)
                .containsExactly("alice:admin", "bob:operator", "eve@x.org:auditor");
        assertThat(settings.find("alice")).map(User::hash).contains(HASH);
        assertThat(settings.find("Alice")).isEmpty();
    }

    @Test
    void hasNoUserOfItsOwn() {
        Configuration configuration = Configuration.of(Map.of());

        AccessSettings settings = new AccessSettings(configuration);

        assertThat(settings.users()).isEmpty();
        assertThat(configuration.faults())
                .singleElement()
                .asString()
                .startsWith("cosell.access.users is missing.")
                .contains("name:role:bcrypt-hash", "htpasswd -nBC 12");
    }

    @ParameterizedTest
    @CsvSource({
        "alice,not name:role:bcrypt-hash",
        "alice:admin,not name:role:bcrypt-hash",
        "alice:admin:secret:x,not name:role:bcrypt-hash",
        "al ice:admin:HASH,a name (entry 2)",
        ":admin:HASH,a name (entry 2)",
        "alice:root:HASH,a role (entry 2)",
        "alice:Admin:HASH,a role (entry 2)",
        "alice:admin:secret,a hash (entry 2) that is not bcrypt",
        "alice:admin:$1$10TAIL,a hash (entry 2) that is not bcrypt",
        "alice:admin:$2y$05TAIL,whose cost is not from 10 to 15",
        "alice:admin:$2y$31TAIL,whose cost is not from 10 to 15",
        "bob:admin:HASH,a name twice (entry 2)",
    })
    void saysWhatIsWrongWithAUserAndNothingOfTheSecret(String entry, String fault) {
        Configuration configuration =
                users("bob:auditor:" + HASH + "," + entry.replace("HASH", HASH).replace("TAIL", TAIL));

        AccessSettings settings = new AccessSettings(configuration);

        assertThat(configuration.faults())
                .singleElement()
                .asString()
                .startsWith("cosell.access.users has")
                .contains(fault)
                .doesNotContain(HASH.substring(7), "secret", "alice");
        assertThat(settings.users()).extracting(User::toString).containsExactly("bob:auditor");
    }

    @Test
    void reportsEveryWrongEntryTogether() {
        Configuration configuration = users("a,b:root:x,c:admin:" + HASH);

        AccessSettings settings = new AccessSettings(configuration);

        assertThat(configuration.faults()).hasSize(3);
        assertThat(settings.users()).extracting(User::name).containsExactly("c");
    }

    @Test
    void theDollarsOfAHashSurviveMicroProfileConfig() {
        String value = "alice:admin:" + HASH + ",bob:auditor:$2y$12" + TAIL;
        var config = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new PropertiesConfigSource(Map.of(AccessSettings.USERS, value), "test", 100))
                .build();

        assertThat(config.getOptionalValue(AccessSettings.USERS, String.class)).contains(value);
    }

    @Test
    void warnsOfHashesOfDifferentCosts() {
        assertThat(warnings("alice:admin:" + HASH + ",bob:auditor:$2y$12" + TAIL))
                .singleElement()
                .asString()
                .contains("different costs [10, 12]")
                .doesNotContain("alice", "bob");
        assertThat(warnings("alice:admin:$2a$12" + TAIL + ",bob:auditor:$2y$12" + TAIL))
                .isEmpty();
    }

    private static List<String> warnings(String users) {
        Logger log = Logger.getLogger(AccessSettings.class.getName());
        List<String> warnings = new ArrayList<>();
        Handler handler = new StreamHandler() {
            @Override
            public synchronized void publish(LogRecord told) {
                warnings.add(told.getMessage());
            }
        };
        log.addHandler(handler);
        try {
            Configuration configuration = users(users);
            new AccessSettings(configuration).check(configuration);
            assertThat(configuration.faults()).isEmpty();
        } finally {
            log.removeHandler(handler);
        }
        return warnings;
    }

    static Configuration users(String... users) {
        return Configuration.of(Map.of(AccessSettings.USERS, String.join(",", List.of(users))));
    }
}
