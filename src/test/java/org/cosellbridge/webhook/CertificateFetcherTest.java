package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateFetcherTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
                        "0.1.2.3",
                "224.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:10.0.0.1"
            })
    void knowsPrivateAddresses(String address) throws IOException {
        for (InetAddress each : InetAddress.getAllByName(address)) {
            assertThat(CertificateFetcher.isPrivate(each)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"20.60.1.1", "100.128.0.1", "172.32.0.1", "2603:1030::1"})
    void knowsPublicAddresses(String address) throws IOException {
        for (InetAddress each : InetAddress.getAllByName(address)) {
            assertThat(CertificateFetcher.isPrivate(each)).isFalse();
        }
    }

    @Test
    void neverConnectsToPrivateAddressBehindOrdinaryName() {
        CertificateFetcher fetcher = new CertificateFetcher(Duration.ofSeconds(1));
        assertThatThrownBy(() -> fetcher.fetch(URI.create("https://10.0.0.1:443/cert.cer")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("private network");
    }
}
