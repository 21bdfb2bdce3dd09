<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Wire\Payload;
use Magento\Framework\DataObject\IdentityService;
use Magento\Framework\Stdlib\DateTime\DateTime;
use Magento\Sales\Api\Data\OrderInterface;
use Magento\Sales\Api\OrderRepositoryInterface;
use Psr\Log\LoggerInterface;

/**
 * Writes down what happened to an idealo order, once per request and entity; the cron sends it.
 *
 * Nothing here may break the save it is called from: trouble is logged, and the bridge's polling finds what was lost.
 */
class Outbox
{
    private const LONGEST_CHAIN = 50;

    /** @var array<string, true> */
    private array $seen = [];

    public function __construct(
        private readonly OutboxTable $table,
        private readonly Settings $settings,
        private readonly Payload $payload,
        private readonly IdentityService $ids,
        private readonly DateTime $clock,
        private readonly OrderRepositoryInterface $orders,
        private readonly LoggerInterface $logger
    ) {
    }

    public function tellOf(string $event, int $orderId, string $type, int $entityId, ?int $parentId = null): void
    {
        try {
            $this->tell($event, $this->orders->get($orderId), $type, $entityId, $parentId);
        } catch (\Throwable $e) {
            $this->logger->error('idealo Connector: ' . $event . ' was not noted: ' . $e->getMessage());
        }
    }

    public function tellOfOrder(string $event, OrderInterface $order): void
    {
        try {
            $this->tell($event, $order, 'order', (int) $order->getEntityId(), null);
        } catch (\Throwable $e) {
            $this->logger->error('idealo Connector: ' . $event . ' was not noted: ' . $e->getMessage());
        }
    }

    public function ping(): void
    {
        $body = $this->payload->ping('admin');
        $this->table->add($this->ids->generateId(), 'ping', $body, (int) $this->clock->gmtTimestamp());
    }

    private function tell(string $event, OrderInterface $order, string $type, int $entityId, ?int $parentId): void
    {
        $key = $event . '/' . $entityId;
        if (isset($this->seen[$key]) || !$this->settings->enabled()) {
            return;
        }
        $first = $this->firstOfChain($order);
        $idealoOrderId = (string) $first->getExtOrderId();
        if ($idealoOrderId === '') {
            return;
        }
        $body = $this->payload->build(
            $event,
            (string) $order->getStore()->getCode(),
            (int) $first->getEntityId(),
            (string) $first->getIncrementId(),
            $idealoOrderId,
            $type,
            $entityId,
            $parentId
        );
        $this->table->add($this->ids->generateId(), $event, $body, (int) $this->clock->gmtTimestamp());
        $this->seen[$key] = true;
    }

    /**
     * An edit in the admin continues an order in a new one; the bridge knows the first.
     */
    private function firstOfChain(OrderInterface $order): OrderInterface
    {
        for ($n = 0; $n < self::LONGEST_CHAIN && $order->getRelationParentId(); $n++) {
            $order = $this->orders->get((int) $order->getRelationParentId());
        }
        return $order;
    }
}
