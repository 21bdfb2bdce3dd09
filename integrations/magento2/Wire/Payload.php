<?php
declare(strict_types=1);

namespace Idealo\Connector\Wire;

/**
 * Builds the thin body of a webhook: numbers that say where to look, nothing about the buyer. Knows nothing of Magento.
 */
final class Payload
{
    private const SCHEMA = 1;

    /**
     * @param int|null $parentId the shipment of a track; left out where there is none
     */
    public function build(
        string $event,
        string $store,
        int $orderId,
        string $incrementId,
        string $extOrderId,
        string $entityType,
        int $entityId,
        ?int $parentId = null
    ): string {
        $entity = ['type' => $entityType, 'id' => $entityId];
        if ($parentId !== null) {
            $entity['parent_id'] = $parentId;
        }
        return $this->json([
            'schema' => self::SCHEMA,
            'event' => $event,
            'store' => $store,
            'order' => ['entity_id' => $orderId, 'increment_id' => $incrementId, 'ext_order_id' => $extOrderId],
            'entity' => $entity,
        ]);
    }

    public function ping(string $store): string
    {
        return $this->json(['schema' => self::SCHEMA, 'event' => 'ping', 'store' => $store]);
    }

    /**
     * @param array<string, mixed> $content
     */
    private function json(array $content): string
    {
        $flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;
        return json_encode($content, $flags);
    }
}
