package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Map;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedHostsTest {
    private static final String KEY = "cosell.webhook.certificate-hosts";

    private static AllowedHosts hosts(String entries) {
        return AllowedHosts.read(Configuration.of(Map.of(KEY, entries)), KEY, "", false);
    }

    @Test
    void findsListedHostOnTheStandardPort() {
        AllowedHosts hosts = hosts("certs.example.com");
        assertThat(hosts.find("https://certs.example.com/a/b.cer?c=d"))
                .contains(URI.create("https://certs.example.com:443/a/b.cer?c=d"));
        assertThat(hosts.find("HTTPS://CERTS.example.COM:443/a")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://certs.example.com/a.cer",
                "http://certs.example.com:443/a.cer",
                "https://certs.example.com:8443/a.cer",
                "https://certs.example.com./a.cer",
                "https://evil.example.com/a.cer",
                "https://certs.example.com.evil.com/a.cer",
                "https://xcerts.example.com/a.cer",
                "https://certs.example.com@evil.com/a.cer",
                "https://evil.com@certs.example.com/a.cer",
                "https://@certs.example.com/a.cer",
                "https://evil.com#@certs.example.com/a.cer",
                "https://certs.example.com/a.cer#b",
                "https://certs.example.com\\@evil.com/a.cer",
                "https://evil.com/https://certs.example.com/a.cer",
                "https:certs.example.com/a.cer",
                "//certs.example.com/a.cer",
                "file://certs.example.com/a.cer",
                "ftp://certs.example.com/a.cer",
                "https:///a.cer",
                "https://127.0.0.1/a.cer",
                "https://[::1]/a.cer",
                "https://169.254.169.254/latest",
                "https://certs.example.com:/a.cer",
                "https://certs.example.com:99999999999/a.cer",
                "https://certs.exam\u0440le.com/a.cer",
                "https://certs.example.com/a b.cer",
                "a.cer",
                ""
            })
    void findsNothingElse(String url) {
        assertThat(hosts("certs.example.com").find(url)).isEmpty();
    }

    @Test
    void refusesUrlOfUnreasonableLength() {
        assertThat(hosts("certs.example.com").find("https://certs.example.com/" + "a".repeat(3_000)))
                .isEmpty();
    }

    @Test
    void listedPortIsTheOnlyOne() {
        AllowedHosts hosts = hosts("certs.example.com:8443");
        assertThat(hosts.find("https://certs.example.com:8443/a")).isPresent();
        assertThat(hosts.find("https://certs.example.com/a")).isEmpty();
        assertThat(hosts.find("http://certs.example.com:8443/a")).isEmpty();
    }

    @Test
    void loopbackHostMayBePlainHttp() {
        AllowedHosts hosts = hosts("127.0.0.1:9000,localhost");
        assertThat(hosts.find("http://127.0.0.1:9000/a")).isPresent();
        assertThat(hosts.find("http://localhost/a")).isPresent();
        assertThat(hosts.find("https://localhost/a")).isPresent();
        assertThat(hosts.find("http://127.0.0.1:9001/a")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.7", "[fd00::1]", "https://a.b", "a.b/c", "a b", "u@a.b", "a.b:0", "a.b:x", "a.b:"})
    void notesEntryThatIsNoHostAsFault(String entry) {
        Configuration configuration = Configuration.of(Map.of(KEY, entry));
        AllowedHosts.read(configuration, KEY, "", false);
        assertThat(configuration.faults()).singleElement().asString().startsWith(KEY + " holds '" + entry + "'");
    }
}
