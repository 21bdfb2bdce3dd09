<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Wire\Backoff;
use Idealo\Connector\Wire\Payload;
use Magento\Framework\DataObject\IdentityService;
use Magento\Framework\Stdlib\DateTime\DateTime;
use Magento\Store\Model\StoreManagerInterface;
use Psr\Log\LoggerInterface;

/**
 * Writes down what happened to an idealo order; the cron sends it.
 *
 * Nothing here may break the save it is called from: trouble is logged, and the bridge's polling finds what was lost.
 */
class Outbox
{
    /** @var array<string, int> when a thing was last noted, in Unix seconds */
    private array $noted = [];

    public function __construct(
        private readonly OutboxTable $table,
        private readonly Settings $settings,
        private readonly OrderFacts $facts,
        private readonly Payload $payload,
        private readonly IdentityService $ids,
        private readonly StoreManagerInterface $stores,
        private readonly DateTime $clock,
        private readonly LoggerInterface $logger
    ) {
    }

    public function tellOf(string $event, int $orderId, string $type, int $entityId, ?int $parentId = null): void
    {
        try {
            $this->tell($event, $orderId, $type, $entityId, $parentId);
        } catch (\Throwable $e) {
            $this->logger->error('idealo Connector: ' . $event . ' was not noted: ' . $e->getMessage());
        }
    }

    public function ping(): void
    {
        $now = (int) $this->clock->gmtTimestamp();
        $this->table->add($this->ids->generateId(), 'ping', $this->payload->ping('admin'), $now);
    }

    private function tell(string $event, int $orderId, string $type, int $entityId, ?int $parentId): void
    {
        $now = (int) $this->clock->gmtTimestamp();
        $key = $event . '/' . $entityId;
        if ($this->isNoted($key, $now) || !$this->settings->enabled()) {
            return;
        }
        $order = $this->facts->ofFirst($orderId);
        if ($order === null) {
            return;
        }
        $store = (string) $this->stores->getStore($order['store'])->getCode();
        $body = $this->payload->build(
            $event,
            $store,
            $order['id'],
            $order['number'],
            $order['idealo'],
            $type,
            $entityId,
            $parentId
        );
        $this->table->add($this->ids->generateId(), $event, $body, $now);
        $this->noted[$key] = $now;
    }

    /**
     * One save of a shipment or order raises its event several times. The row already there is sent, and the order
     * read, only after all of them; a queue consumer that lives for hours writes a new one for the next change.
     */
    private function isNoted(string $key, int $now): bool
    {
        return isset($this->noted[$key]) && $now - $this->noted[$key] < Backoff::FIRST_DELAY / 2;
    }
}
