<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Wire\Backoff;
use Idealo\Connector\Wire\Signature;
use Magento\Framework\HTTP\Client\CurlFactory;
use Magento\Framework\Notification\NotifierInterface;
use Magento\Framework\Stdlib\DateTime\DateTime;

/**
 * Sends what waits in the outbox, signs each attempt anew, and gives up in the end.
 */
class Sender
{
    private const AT_ONCE = 100;
    private const TIMEOUT_S = 5;

    public function __construct(
        private readonly OutboxTable $table,
        private readonly Settings $settings,
        private readonly Signature $signature,
        private readonly Backoff $backoff,
        private readonly Platform $platform,
        private readonly CurlFactory $clients,
        private readonly NotifierInterface $notifier,
        private readonly DateTime $clock
    ) {
    }

    public function sendDue(): void
    {
        $givenUp = 0;
        foreach ($this->table->due((int) $this->clock->gmtTimestamp(), self::AT_ONCE) as $row) {
            if (!$this->settings->enabled()) {
                break;
            }
            [$status, $isDead] = $this->send($row);
            $givenUp += $isDead ? 1 : 0;
            if ($status === 0) {
                // Nobody is there: the others would only wait as long, and keep Magento's cron from its other work.
                break;
            }
        }
        if ($givenUp > 0) {
            $this->tellStaff('webhooks given up: ' . $givenUp . '; the bridge finds by polling what they told');
        }
    }

    /**
     * @param array<string, mixed> $row
     * @return array{int, bool} status (0 where nothing answered) and whether the row was given up
     */
    private function send(array $row): array
    {
        [$status, $answer] = $this->post((string) $row['delivery'], (string) $row['event'], (string) $row['body']);
        $now = (int) $this->clock->gmtTimestamp();
        $attempts = (int) $row['attempts'] + 1;
        $wait = $this->backoff->wait($attempts);
        if ($this->backoff->delivered($status)) {
            $this->table->settle((int) $row['id'], 'sent', $attempts, $now, $answer);
        } elseif ($this->backoff->unwanted($status)) {
            $this->table->settle((int) $row['id'], 'dead', $attempts, $now, $answer);
            $this->settings->switchTo(false);
            $this->tellStaff('the bridge no longer serves this shop; webhooks are switched off');
        } elseif ($wait === null) {
            $this->table->settle((int) $row['id'], 'dead', $attempts, $now, $answer);
            return [$status, true];
        } else {
            $this->table->settle((int) $row['id'], 'waiting', $attempts, $now + $wait, $answer);
        }
        return [$status, false];
    }

    /**
     * @return array{int, string} status (0 where nothing answered) and what to remember
     */
    private function post(string $delivery, string $event, string $body): array
    {
        $now = (int) $this->clock->gmtTimestamp();
        $module = $this->platform->userAgent();
        $client = $this->clients->create();
        $client->setTimeout(self::TIMEOUT_S);
        $secret = $this->settings->secret();
        foreach ($this->signature->headers($secret, $now, $delivery, $event, $body, $module) as $name => $value) {
            $client->addHeader($name, $value);
        }
        try {
            $client->post($this->settings->url(), $body);
        } catch (\Exception $e) {
            return [0, $e->getMessage()];
        }
        return [$client->getStatus(), 'HTTP ' . $client->getStatus()];
    }

    private function tellStaff(string $what): void
    {
        $this->notifier->addMajor('idealo Connector', $what);
    }
}
