# Waits until the service answers: bash, on the host.
for _ in {1..100}; do
  if { exec 3<>/dev/tcp/127.0.0.1/8000; } 2>/dev/null; then
    printf 'GET /health HTTP/1.0\r\n\r\n' >&3
    read -r answer <&3 && [[ $answer == *' 200 OK'* ]] && exit
  fi
  sleep 0.05
done
exit 1
