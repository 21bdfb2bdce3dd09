<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Api\Data\ImportResultInterface;

/**
 * An imported order.
 */
class ImportResult implements ImportResultInterface
{
    private int $orderId = 0;
    private string $incrementId = '';
    private bool $created = false;
    private float $grandTotal = 0.0;
    private array $warnings = [];

    public function getOrderId(): int
    {
        return $this->orderId;
    }

    public function setOrderId(int $orderId): void
    {
        $this->orderId = $orderId;
    }

    public function getIncrementId(): string
    {
        return $this->incrementId;
    }

    public function setIncrementId(string $incrementId): void
    {
        $this->incrementId = $incrementId;
    }

    public function isCreated(): bool
    {
        return $this->created;
    }

    public function setCreated(bool $created): void
    {
        $this->created = $created;
    }

    public function getGrandTotal(): float
    {
        return $this->grandTotal;
    }

    public function setGrandTotal(float $grandTotal): void
    {
        $this->grandTotal = $grandTotal;
    }

    public function getWarnings(): array
    {
        return $this->warnings;
    }

    public function setWarnings(array $warnings): void
    {
        $this->warnings = $warnings;
    }
}
